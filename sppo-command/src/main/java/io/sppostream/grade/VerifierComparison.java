package io.sppostream.grade;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.SamplingSettings;
import io.sppostream.log.UserException;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.MathVerifier;
import io.sppostream.verify.RunningVerifier;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Finds the cases on whose reward verifiers disagree. The output repeats those lines and adds the verdict of each
 * verifier under {@code verdicts}. Of several golds, the one most favourable to the answer counts, as in
 * {@link CaseGrading}.
 */
public final class VerifierComparison implements AutoCloseable {
    private static final List<String> GOLD = List.of("gold");

    private final List<Compared> verifiers;
    private final Map<String, Integer> disagreements = new TreeMap<>();
    private int compared;

    private record Compared(ConfiguredVerifier verifier, RunningVerifier running) {}

    /**
     * Starts the verifiers.
     *
     * @throws UserException if one is an external program, which cannot be called
     */
    public VerifierComparison(List<ConfiguredVerifier> verifiers) {
        for (ConfiguredVerifier verifier : verifiers) {
            if (verifier.place() instanceof Place.External) {
                throw new UserException(
                        "verifier " + verifier.name() + " is an external program, which can't be called");
            }
        }
        this.verifiers = verifiers.stream()
                .map(verifier -> new Compared(verifier, verifier.start()))
                .toList();
    }

    /**
     * Compares verdicts on cases, in order.
     *
     * @param name name of the input in messages
     * @return the number of cases, and of disagreements by kind, in words
     * @throws UserException if a line is not a case; the message names the line
     */
    public String compare(String name, InputStream in, OutputStream out) {
        LineFilter.run(name, in, out, (line, object) -> disagreement(object));
        int total = disagreements.values().stream().mapToInt(Integer::intValue).sum();
        return String.format(
                Locale.ROOT,
                "%,d compared (%s), %,d disagreements%s",
                compared,
                verifiers.stream().map(one -> one.verifier().name()).collect(Collectors.joining(" / ")),
                total,
                disagreements.entrySet().stream()
                        .map(count -> String.format(Locale.ROOT, ", %,d %s", count.getValue(), count.getKey()))
                        .collect(Collectors.joining()));
    }

    private List<ObjectNode> disagreement(ObjectNode object) {
        List<Judgement> judgements = judgements(object);
        compared++;
        if (judgements.stream().map(Judgement::reward).distinct().count() == 1) {
            return List.of();
        }
        disagreements.merge(
                judgements.stream().map(one -> one.status().name()).collect(Collectors.joining(" / ")),
                1,
                Integer::sum);
        ObjectNode verdicts = object.putObject("verdicts");
        for (int i = 0; i < verifiers.size(); i++) {
            Judgement judgement = judgements.get(i);
            verdicts.putObject(verifiers.get(i).verifier().name())
                    .put("status", judgement.status().name())
                    .put("reward", judgement.reward())
                    .put("extracted", judgement.extracted())
                    .put("rule", judgement.rule());
        }
        return List.of(object);
    }

    private List<Judgement> judgements(ObjectNode object) {
        String prediction = LineFilter.text(object, "prediction");
        String response = LineFilter.text(object, "response");
        if ((prediction == null) == (response == null)) {
            throw new UserException(
                    prediction == null
                            ? "has no prediction or response"
                            : "has both a prediction and a response: leave out the one not to be graded");
        }
        List<List<CompletableFuture<Judgement>>> byVerifier = new ArrayList<>();
        for (Compared one : verifiers) {
            byVerifier.add(LineFilter.texts(object, GOLD).stream()
                    .map(gold -> judge(one, object, gold, prediction, response))
                    .toList());
        }
        return byVerifier.stream()
                .map(ofGolds -> ofGolds.stream()
                        .map(CompletableFuture::join)
                        .max(CaseGrading.MOST_FOR_THE_ANSWER)
                        .orElseThrow())
                .toList();
    }

    /** The maths grader judges a prediction as an answer by itself. To any other verifier it is a whole response. */
    private static CompletableFuture<Judgement> judge(
            Compared one, ObjectNode object, String gold, @Nullable String prediction, @Nullable String response) {
        if (prediction != null
                && one.verifier().place() instanceof Place.Inline inline
                && inline.verifier() instanceof MathVerifier math) {
            return CompletableFuture.completedFuture(math.judgePrediction(gold, prediction));
        }
        String text = Objects.requireNonNull(response == null ? prediction : response);
        return one.running().judge(rollout(object, gold, text));
    }

    /** A case as a rollout. Fields that the case lacks are empty. */
    private static Rollout rollout(ObjectNode object, String gold, String text) {
        String prompt = LineFilter.text(object, "prompt");
        String dataset = LineFilter.text(object, "dataset");
        return Rollout.newBuilder()
                .setRolloutId("case/0")
                .setRequestId("case")
                .setPromptId("")
                .setDataset(dataset == null ? "" : dataset)
                .setMessages(prompt == null ? List.of() : List.of(new Message("user", prompt)))
                .setReference(gold)
                .setPromptTokens(List.of())
                .setResponseTokens(List.of())
                .setText(text)
                .setBehaviourLogProbs(List.of())
                .setPolicySegments(List.of())
                .setSampling(new SamplingSettings(0.0, 1.0, 0, 0))
                .setSeed(0)
                .setFinishReason(FinishReason.STOP)
                .setSampledAt(Instant.EPOCH)
                .build();
    }

    @Override
    public void close() {
        verifiers.forEach(one -> one.running().close());
    }
}
