package io.sppostream.history.audit;

import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.Expired;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.PolicySegment;
import io.sppostream.events.Prompt;
import io.sppostream.events.ReplayOf;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.learn.update.TrainingOrder;
import io.sppostream.log.EventRecord;
import io.sppostream.run.report.TerminalText;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Prints the trace of a request: a line per record, with its position on the log and the time since the prompt. Text of
 * prompts and answers is escaped, so that it cannot control the terminal.
 */
final class RequestTracePrinter {
    private static final int TOKENS_SHOWN = 24;

    private final RequestTrace trace;
    private final PrintStream out;
    private final @Nullable Instant start;
    private final int width;

    RequestTracePrinter(RequestTrace trace, PrintStream out) {
        this.trace = trace;
        this.out = out;
        this.start =
                trace.prompts.isEmpty() ? null : trace.prompts.get(0).event().getReleasedAt();
        this.width = trace.topics.trainingSteps().name().length() + 13;
    }

    void print() {
        ReplayOf replayOf = trace.replayOf();
        out.printf(
                "request %s of run '%s'%s%n",
                trace.requestId,
                trace.topics.namespace(),
                replayOf == null ? "" : ", a replay of '" + replayOf.getRun() + "'");
        trace.prompts.forEach(this::prompt);
        trace.values.forEach(this::value);
        if (trace.members().count() > 1) {
            group();
        }
        for (String rolloutId : rolloutIds()) {
            out.println();
            out.println("rollout " + rolloutId);
            rollout(rolloutId);
        }
        trace.expired.stream()
                .filter(expired -> expired.event().getRolloutId() == null)
                .forEach(this::expired);
    }

    /** The rollouts of the request by what has become of them, and the rewards of those that were credited. */
    private void group() {
        Map<ExpiryReason, Long> expired = trace.expired.stream()
                .filter(record -> record.event().getRolloutId() != null)
                .collect(Collectors.groupingBy(
                        record -> record.event().getReason(), TreeMap::new, Collectors.counting()));
        String others = expired.entrySet().stream()
                .map(reason -> ", " + reason.getValue() + " "
                        + (reason.getKey() == ExpiryReason.EVIDENCE ? "evidence" : "expired " + reason.getKey()))
                .collect(Collectors.joining());
        out.printf(
                "  %-9s %d rollouts: %d credited%s%n", "group", trace.members().count(), trace.samples.size(), others);
        if (!trace.samples.isEmpty()) {
            List<Double> rewards = trace.samples.stream()
                    .map(sample -> sample.event().getReward())
                    .toList();
            detail("rewards", shortened(rewards, String::valueOf));
            detail(
                    "mean",
                    String.format(
                            Locale.ROOT,
                            "%.3f",
                            rewards.stream()
                                    .mapToDouble(Double::doubleValue)
                                    .average()
                                    .orElse(0)));
        }
    }

    private Set<String> rolloutIds() {
        Set<String> ids = new TreeSet<>();
        trace.prompts.forEach(prompt -> IntStream.range(0, prompt.event().getSamples())
                .forEach(sample -> ids.add(RolloutIds.of(trace.requestId, sample))));
        trace.rollouts.forEach(rollout -> ids.add(rollout.event().getRolloutId()));
        trace.expired.stream()
                .map(expired -> expired.event().getRolloutId())
                .filter(Objects::nonNull)
                .forEach(ids::add);
        return ids;
    }

    private void rollout(String id) {
        trace.rollouts.stream().filter(r -> r.event().getRolloutId().equals(id)).forEach(this::sampled);
        trace.verdicts.stream().filter(v -> v.event().getRolloutId().equals(id)).forEach(this::judged);
        trace.samples.stream()
                .filter(s -> s.event().getRollout().getRolloutId().equals(id))
                .forEach(this::estimated);
        trace.trained.stream().filter(t -> t.sample().getRolloutId().equals(id)).forEach(this::trained);
        trace.expired.stream()
                .filter(expired -> id.equals(expired.event().getRolloutId()))
                .forEach(this::expired);
        pending(id);
    }

    private void prompt(EventRecord<Prompt> record) {
        Prompt prompt = record.event();
        line(
                "prompt",
                record,
                prompt.getReleasedAt(),
                "%s of %s; %d response%s requested, from policy version %d or later",
                prompt.getPromptId(),
                prompt.getDataset(),
                prompt.getSamples(),
                prompt.getSamples() == 1 ? "" : "s",
                prompt.getMinPolicyVersion());
        prompt.getMessages()
                .forEach(message -> detail(TerminalText.printable(message.getRole()), message.getContent()));
        detail("reference", prompt.getReference());
    }

    private void value(EventRecord<Value> record) {
        Value value = record.event();
        line(
                "scored",
                record,
                value.getScoredAt(),
                "%s by critic version %d (%s)",
                value.getTokenValues() == null
                        ? String.format(Locale.ROOT, "V = %.3f (logit %.3f)", value.getProbability(), value.getLogit())
                        : "V = " + tokenValues(value.getTokenValues()) + " of " + value.getRolloutId(),
                value.getCriticVersion(),
                VersionAudit.brief(value.getCriticSha256()));
    }

    /** The first and the last of the values of a rollout's tokens. */
    private static String tokenValues(List<Float> values) {
        return String.format(Locale.ROOT, "%.3f to %.3f", values.get(0), values.get(values.size() - 1));
    }

    private void sampled(EventRecord<Rollout> record) {
        Rollout rollout = record.event();
        line(
                "sampled",
                record,
                rollout.getSampledAt(),
                "%d tokens at temperature %s, seed %d, %s",
                rollout.getResponseTokens().size(),
                rollout.getSampling().getTemperature(),
                rollout.getSeed(),
                rollout.getFinishReason());
        detail("text", rollout.getText());
        detail("tokens", shortened(rollout.getResponseTokens(), token -> Integer.toString(token)));
        detail(
                "log-probs",
                shortened(rollout.getBehaviourLogProbs(), logProb -> String.format(Locale.ROOT, "%.3f", logProb)));
        int from = 0;
        for (PolicySegment segment : rollout.getPolicySegments()) {
            detail(
                    "policy",
                    "version " + segment.getPolicyVersion() + " (" + VersionAudit.brief(segment.getWeightsSha256())
                            + ") for tokens " + from + " to " + (segment.getEndToken() - 1));
            from = segment.getEndToken();
        }
    }

    private void judged(EventRecord<Verdict> record) {
        Verdict verdict = record.event();
        line(
                "judged",
                record,
                verdict.getJudgedAt(),
                "%s, %s, by %s %s, rule %s%s",
                verdict.getStatus(),
                verdict.getReward() == null ? "no reward" : "reward " + verdict.getReward(),
                verdict.getVerifier(),
                verdict.getVerifierVersion(),
                verdict.getRule(),
                verdict.getExtracted() == null ? "" : ", answer " + verdict.getExtracted());
    }

    private void estimated(EventRecord<TrainingSample> record) {
        TrainingSample sample = record.event();
        Value value = sample.getValue();
        line(
                "credited",
                record,
                sample.getEstimatedAt(),
                "A = %s by %s, of reward %s%s",
                shortened(
                        sample.getSegments(),
                        (AdvantageSegment segment) -> String.format(
                                Locale.ROOT,
                                "%+.3f%s",
                                segment.getAdvantage(),
                                segment.getTrained() ? "" : " (masked)")),
                sample.getEstimator(),
                sample.getReward(),
                value == null
                        ? ""
                        : String.format(
                                Locale.ROOT,
                                " and V = %s of critic version %d",
                                value.getTokenValues() == null
                                        ? String.format(Locale.ROOT, "%.3f", value.getProbability())
                                        : tokenValues(value.getTokenValues()),
                                value.getCriticVersion()));
    }

    private void trained(RequestTrace.Trained trained) {
        TrainingStep step = trained.step().event();
        List<List<Integer>> batches = TrainingOrder.miniBatches(
                IntStream.range(0, step.getSamples().size()).boxed().toList(), trace.miniBatches(step));
        int batch = IntStream.range(0, batches.size())
                .filter(i -> batches.get(i).contains(trained.place()))
                .findFirst()
                .orElse(0);
        line(
                "trained",
                trained.step(),
                step.getEndedAt(),
                "%s step %d, version %d -> %d (%s): mini-batch %d of %d, place %d of %d, lag %d",
                step.getLine(),
                step.getStep(),
                step.getFromVersion(),
                step.getToVersion(),
                VersionAudit.brief(step.getToSha256()),
                batch + 1,
                batches.size(),
                batches.get(batch).indexOf(trained.place()) + 1,
                batches.get(batch).size(),
                trained.sample().getPolicyLag());
    }

    private void expired(EventRecord<Expired> record) {
        Expired expired = record.event();
        line(
                "expired",
                record,
                expired.getExpiredAt(),
                "%s, decided by %s: %s",
                expired.getReason(),
                expired.getDecidedBy(),
                expired.getDetail());
    }

    private void pending(String id) {
        String role = trace.waitsFor(id);
        if (role != null) {
            out.println("  pending   waits for " + role);
        }
    }

    private void line(String event, EventRecord<?> record, Instant at, String format, Object... arguments) {
        out.printf(
                Locale.ROOT,
                "  %-9s %-" + width + "s %9s  %s%n",
                event,
                Finding.place(record.topic(), record.partition(), record.offset()),
                since(at),
                TerminalText.printable(String.format(Locale.ROOT, format, arguments)));
    }

    private String since(Instant at) {
        return start == null
                ? ""
                : String.format(
                        Locale.ROOT, "+%.3f s", Duration.between(start, at).toNanos() / 1e9);
    }

    private void detail(String name, String text) {
        List<String> lines = text.lines().map(TerminalText::printable).toList();
        out.printf("  %-9s   %-10s %s%n", "", name, lines.isEmpty() ? "" : lines.get(0));
        lines.stream().skip(1).forEach(more -> out.printf("  %-9s   %-10s %s%n", "", "", more));
    }

    private static <T> String shortened(List<T> list, Function<T, String> word) {
        String shown = list.stream().limit(TOKENS_SHOWN).map(word).collect(Collectors.joining(" "));
        return list.size() <= TOKENS_SHOWN ? shown : shown + " ... (" + list.size() + " in all)";
    }
}
