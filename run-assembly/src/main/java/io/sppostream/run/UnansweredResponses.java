package io.sppostream.run;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.report.TerminalText;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.MathVerifier;
import io.sppostream.verify.math.GradingProfile;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Explains why a verifier finds no answer in the responses of a batch: the grading profile that finds most, with the
 * command that trains with it, and how many responses were cut off. Static functions.
 */
final class UnansweredResponses {
    /** Profiles that take different answers from a response, the strictest first: it wins a tie. */
    private static final List<GradingProfile> PROFILES = List.of(
            GradingProfile.MATH,
            GradingProfile.GSM8K_STRICT,
            GradingProfile.GSM8K,
            GradingProfile.MINERVA,
            GradingProfile.MATH_VERIFY,
            GradingProfile.GSM8K_FLEXIBLE);

    private UnansweredResponses() {}

    /**
     * What a profile finds.
     *
     * @param found responses with an answer
     * @param right responses with the right one
     * @param example the first response with the right answer, else with an answer
     */
    record Finding(MathVerifier verifier, int found, int right, Rollout example) {}

    /** The profile that finds most right answers or, if none finds any, most answers; empty if none finds one. */
    static Optional<Finding> best(List<Rollout> rollouts) {
        return PROFILES.stream()
                .map(profile -> finding(new MathVerifier(profile), rollouts))
                .flatMap(Optional::stream)
                .max(Comparator.comparingInt(Finding::right)
                        .thenComparingInt(Finding::found)
                        .thenComparing(
                                finding -> -PROFILES.indexOf(finding.verifier().profile())));
    }

    private static Optional<Finding> finding(MathVerifier verifier, List<Rollout> rollouts) {
        int found = 0;
        int right = 0;
        Rollout example = null;
        for (Rollout rollout : rollouts) {
            Judgement judgement = verifier.judge(rollout);
            boolean isRight = judgement.status() == VerdictStatus.CORRECT;
            if (judgement.extracted() != null) {
                example = example == null || (isRight && right == 0) ? rollout : example;
                found++;
                right += isRight ? 1 : 0;
            }
        }
        return example == null ? Optional.empty() : Optional.of(new Finding(verifier, found, right, example));
    }

    /**
     * The warning of a run.
     *
     * @param verifier that found no answer in nearly all responses
     * @param judged responses of the batch
     * @param rollouts those without an answer; empty if they are not known
     */
    static String warning(Configuration configuration, String verifier, int judged, List<Rollout> rollouts) {
        StringBuilder text = new StringBuilder("warning: verifier " + TerminalText.printable(verifier)
                + " finds no answer in nearly all of the first " + judged + " responses, which earn 0.");
        Optional<Finding> best = best(rollouts);
        Optional<Rollout> example =
                best.map(Finding::example).or(() -> rollouts.stream().findFirst());
        example.ifPresent(rollout -> text.append(" For example, the reference is '"
                + FirstRewards.end(rollout.getReference()) + "', and the response ends: '"
                + FirstRewards.end(rollout.getText()) + "'."));
        long cut = rollouts.stream()
                .filter(rollout -> rollout.getFinishReason() == FinishReason.LENGTH)
                .count();
        if (cut > 0) {
            text.append(String.format(
                    Locale.ROOT,
                    " %d of %d were cut off at sampling.max.tokens = %d.",
                    cut,
                    rollouts.size(),
                    configuration.settings().sampling().maxTokens()));
        }
        best.ifPresent(finding -> text.append(String.format(
                Locale.ROOT,
                " %s finds an answer in %d of %d, the right one in %d. To train with it:%n  %s%n",
                finding.verifier().name(),
                finding.found(),
                rollouts.size(),
                finding.right(),
                command(configuration, verifier, finding))));
        return text.append(best.isPresent() ? "Or ask" : " Ask")
                .append(" for the answer where the verifier looks for it (docs/verifiers.md), with --suffix;"
                        + " ./sppo prompt --show shows the prompt.")
                .toString();
    }

    private static String command(Configuration configuration, String verifier, Finding finding) {
        Map.Entry<String, String> rule =
                configuration.settings().verifierRule(finding.example().getDataset());
        return configuration.trainCommand(Map.of(
                rule.getKey(),
                Stream.of(rule.getValue().split("(?<=[(),=\\s])|(?=[(),=\\s])", -1))
                        .map(word -> word.equals(verifier) ? finding.verifier().name() : word)
                        .reduce("", String::concat)));
    }
}
