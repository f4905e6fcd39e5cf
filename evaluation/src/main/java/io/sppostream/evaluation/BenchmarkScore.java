package io.sppostream.evaluation;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.ToDoubleFunction;

/**
 * The score of a model on a benchmark.
 *
 * @param benchmark name of the benchmark
 * @param problems that were judged
 * @param notJudged problems that are left out, because no response to them can be judged
 * @param metrics by name, in the order of {@link #metricNames}
 * @param shares of all samples: {@code cut_off}, ended by the token limit; {@code no_answer}, without an answer; and the
 *     mean {@code response_tokens}
 */
public record BenchmarkScore(
        String benchmark, int problems, int notJudged, Map<String, Metric> metrics, Map<String, Double> shares) {

    /**
     * The names of the metrics: {@code avg@k}, {@code maj@k}, and {@code pass@i} for k and each power of two below it.
     *
     * @param k samples of each problem
     */
    public static List<String> metricNames(int k) {
        List<String> names = new ArrayList<>(List.of("avg@" + k, "maj@" + k));
        passes(k).forEach(i -> names.add("pass@" + i));
        return names;
    }

    private static List<Integer> passes(int k) {
        List<Integer> passes = new ArrayList<>();
        for (int i = 1; i < k; i *= 2) {
            passes.add(i);
        }
        passes.add(k);
        return passes;
    }

    /**
     * Scores samples. A sample is correct if its reward is 1; pass@i counts such. Averages are of the rewards, which may be
     * fractions.
     *
     * @param samples of each problem, as many of each
     * @param equality of answers
     */
    static BenchmarkScore of(String benchmark, List<List<SampleRecord>> samples, BiPredicate<String, String> equality) {
        List<List<SampleRecord>> judged = samples.stream()
                .filter(ofProblem -> ofProblem.stream().allMatch(sample -> sample.reward() != null))
                .toList();
        int k = samples.isEmpty() ? 1 : samples.get(0).size();
        Map<String, Metric> metrics = new LinkedHashMap<>();
        metrics.put(
                "avg@" + k,
                overProblems(
                        judged,
                        one -> one.stream()
                                .mapToDouble(BenchmarkScore::reward)
                                .average()
                                .orElse(0)));
        metrics.put(
                "maj@" + k,
                overProblems(
                        judged,
                        one -> MajorityVote.reward(
                                one.stream().map(SampleRecord::vote).toList(), equality)));
        for (int i : passes(k)) {
            metrics.put("pass@" + i, overProblems(judged, one -> Estimators.passAtK(k, correct(one), i)));
        }
        Map<String, Double> shares = new LinkedHashMap<>();
        shares.put("cut_off", mean(samples, sample -> sample.isCutOff() ? 1 : 0));
        shares.put("no_answer", mean(samples, sample -> sample.hasAnswer() ? 0 : 1));
        shares.put("response_tokens", mean(samples, SampleRecord::tokens));
        return new BenchmarkScore(benchmark, judged.size(), samples.size() - judged.size(), metrics, shares);
    }

    /** A metric. */
    public Metric metric(String name) {
        Metric metric = metrics.get(name);
        if (metric == null) {
            throw new IllegalArgumentException("there is no metric " + name);
        }
        return metric;
    }

    private static double reward(SampleRecord sample) {
        Double reward = sample.reward();
        return reward == null ? 0 : reward;
    }

    private static int correct(List<SampleRecord> samples) {
        return (int) samples.stream().filter(sample -> reward(sample) == 1).count();
    }

    private static Metric overProblems(
            List<List<SampleRecord>> problems, ToDoubleFunction<List<SampleRecord>> ofProblem) {
        return Metric.overProblems(problems.stream().mapToDouble(ofProblem).toArray());
    }

    private static double mean(List<List<SampleRecord>> samples, ToDoubleFunction<SampleRecord> value) {
        return samples.stream()
                .flatMap(List::stream)
                .mapToDouble(value)
                .average()
                .orElse(0);
    }
}
