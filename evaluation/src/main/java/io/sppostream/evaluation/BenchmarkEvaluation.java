package io.sppostream.evaluation;

import io.sppostream.events.Message;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.feed.data.Problem;
import io.sppostream.log.LogException;
import io.sppostream.rollout.ResponseGenerator.GenerationResult;
import io.sppostream.rollout.ResponseGenerator.Refusal;
import io.sppostream.rollout.ResponseGenerator.Request;
import io.sppostream.rollout.ResponseGenerator.Response;
import io.sppostream.verify.Judgement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BooleanSupplier;

/**
 * Evaluates on one benchmark: samples what the file of samples lacks, has the responses judged, and scores the samples of
 * the file. The scores are a function of the file, and each sample is one of its seed, so that an evaluation that was
 * interrupted ends with the scores it would have had.
 */
public final class BenchmarkEvaluation {
    private final Benchmark benchmark;
    private final EvaluationSettings settings;
    private final AnswerJudge judge;

    public BenchmarkEvaluation(Benchmark benchmark, EvaluationSettings settings, AnswerJudge judge) {
        this.benchmark = benchmark;
        this.settings = settings;
        this.judge = judge;
    }

    /**
     * Samples what is missing, and scores.
     *
     * @param cancelled asked often
     * @throws java.util.concurrent.CancellationException if {@code cancelled} has become true; the file keeps the samples
     *     that are complete
     * @throws LogException if the verifier failed on responses; they are sampled again by the next process
     */
    public BenchmarkScore run(
            ResponseSource source, SampleFile file, EvaluationProgress progress, BooleanSupplier cancelled)
            throws InterruptedException {
        List<Request> all = requests();
        List<Request> missing = all.stream()
                .filter(request -> file.get(problem(request), request.sampleIndex()) == null)
                .toList();
        progress.begin(benchmark.name(), all.size(), all.size() - missing.size());
        Queue<CompletableFuture<Void>> judging = new ConcurrentLinkedQueue<>();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        source.sample(
                missing,
                cancelled,
                (result, index) -> judging.add(judge(missing.get(index), result).thenAccept(sample -> {
                    if (sample.reward() == null && !isUnparseableReference(sample)) {
                        failures.add(sample.status() + " (" + sample.rule() + ")");
                    } else {
                        file.add(sample);
                        progress.add(sample);
                    }
                })));
        judging.forEach(CompletableFuture::join);
        if (!failures.isEmpty()) {
            throw new LogException("benchmark " + benchmark.name() + ": verifier " + judge.name() + " failed on "
                    + failures.size() + " responses, the first with " + failures.peek()
                    + ": the same command samples them again");
        }
        return BenchmarkScore.of(benchmark.name(), samples(file), judge.equality());
    }

    /** The requests of all samples, those of a problem one after the other. */
    private List<Request> requests() {
        List<Request> requests = new ArrayList<>();
        for (Problem problem : benchmark.problems()) {
            Prompt prompt = problem.toPrompt(
                    benchmark.name() + "/" + problem.id(),
                    benchmark.name(),
                    settings.samples(),
                    null,
                    0,
                    0,
                    Instant.EPOCH);
            requests.addAll(Request.of(prompt, settings.seed()));
        }
        return requests;
    }

    private static String problem(Request request) {
        return request.prompt().getPromptId();
    }

    private static boolean isUnparseableReference(SampleRecord sample) {
        return sample.status().equals(VerdictStatus.UNPARSEABLE_REFERENCE.name());
    }

    private CompletableFuture<SampleRecord> judge(Request request, GenerationResult result) {
        if (result instanceof Refusal refusal) {
            Judgement none = Judgement.wrong(VerdictStatus.NO_ANSWER, null, "refused: " + refusal.reason());
            return CompletableFuture.completedFuture(sample(request, "", 0, SampleRecord.REFUSED, none));
        }
        Response response = (Response) result;
        Rollout rollout = response.toRollout(request, settings.sampling(), Instant.EPOCH);
        return judge.judge(rollout)
                .thenApply(judgement -> sample(
                        request,
                        response.text(),
                        response.tokens().length,
                        response.finishReason().name(),
                        judgement));
    }

    private static SampleRecord sample(
            Request request, String text, int tokens, String finishReason, Judgement judgement) {
        Prompt prompt = request.prompt();
        List<Message> messages = prompt.getMessages();
        return new SampleRecord(
                prompt.getPromptId(),
                request.sampleIndex(),
                request.seed(),
                messages.get(messages.size() - 1).getContent(),
                prompt.getReference(),
                text,
                tokens,
                finishReason,
                judgement.status().name(),
                judgement.extracted(),
                judgement.rule(),
                judgement.reward());
    }

    /** The samples of each problem. */
    private List<List<SampleRecord>> samples(SampleFile file) {
        List<List<SampleRecord>> samples = new ArrayList<>();
        for (Problem problem : benchmark.problems()) {
            List<SampleRecord> ofProblem = new ArrayList<>();
            for (int i = 0; i < settings.samples(); i++) {
                SampleRecord sample = file.get(problem.id(), i);
                if (sample == null) {
                    throw new IllegalStateException("sample " + i + " of problem " + problem.id() + " is missing");
                }
                ofProblem.add(sample);
            }
            samples.add(ofProblem);
        }
        return samples;
    }
}
