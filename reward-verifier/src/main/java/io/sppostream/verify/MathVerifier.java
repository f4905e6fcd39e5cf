package io.sppostream.verify;

import io.sppostream.events.FinishReason;
import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.VerdictStatus;
import io.sppostream.verify.math.Grade;
import io.sppostream.verify.math.GradingProfile;
import io.sppostream.verify.math.MathGrader;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The verifiers {@code math} and {@code math:PROFILE}: a {@link MathGrader} compares the answer that the response marks
 * with the reference. A response that was cut off after an answer that it marks is judged like any other, because the
 * answer was complete. An answer that nothing marks is wrong then: the next token could have changed it.
 */
public final class MathVerifier implements Verifier {
    /** The setting that says where the think block of a response is opened. */
    private static final String THINKING = "thinking";

    private final String name;
    private final GradingProfile profile;
    private final MathGrader grader;
    private final Thinking thinking;

    /** Where the think block of a response is opened. */
    private enum Thinking {
        /**
         * In the response, if it thinks; in the prompt, if the rollout says that the chat template opened it there, or if the
         * last message ends with {@code <think>}.
         */
        AUTO,
        /** In the response, whatever the prompt. */
        RESPONSE,
        /** In the prompt: every response begins inside it. */
        PROMPT
    }

    /** @param profile where to look for answers and how to compare them */
    public MathVerifier(GradingProfile profile) {
        this(profile, new MathGrader(profile), Thinking.AUTO);
    }

    private MathVerifier(GradingProfile profile, MathGrader grader, Thinking thinking) {
        this.name = profile == GradingProfile.MATH ? "math" : "math:" + profile.id();
        this.profile = profile;
        this.grader = grader;
        this.thinking = thinking;
    }

    /**
     * Returns this verifier with its one setting, {@code thinking}: {@code auto}, {@code prompt} if every response begins
     * inside a think block, or {@code response} if none does. A response that was cut off while thinking has no answer.
     */
    @Override
    public Verifier with(Map<String, String> settings) {
        if (!Set.of(THINKING).containsAll(settings.keySet())) {
            throw new IllegalArgumentException(
                    "it takes one setting, thinking, but got " + String.join(", ", new TreeSet<>(settings.keySet())));
        }
        String value = settings.getOrDefault(THINKING, "auto");
        return switch (value) {
            case "auto" -> new MathVerifier(profile, grader, Thinking.AUTO);
            case "response" -> new MathVerifier(profile, grader, Thinking.RESPONSE);
            case "prompt" -> new MathVerifier(profile, grader, Thinking.PROMPT);
            default ->
                throw new IllegalArgumentException("thinking = " + value + ": none of auto, response and prompt");
        };
    }

    /** Where it looks for answers and how it compares them. */
    public GradingProfile profile() {
        return profile;
    }

    /** {@code math}, or {@code math:PROFILE} for any other profile. */
    @Override
    public String name() {
        return name;
    }

    @Override
    public String version() {
        return MathGrader.VERSION;
    }

    @Override
    public Judgement judge(Rollout rollout) {
        Judgement judgement =
                judgement(grader.gradeResponse(rollout.getReference(), rollout.getText(), opensThinking(rollout)));
        return judgement.status() == VerdictStatus.CORRECT
                        && rollout.getFinishReason() == FinishReason.LENGTH
                        && profile.takesUnmarked(rollout.getText())
                ? Judgement.wrong(VerdictStatus.INCORRECT, judgement.extracted(), "cut-off")
                : judgement;
    }

    private boolean opensThinking(Rollout rollout) {
        List<Message> messages = rollout.getMessages();
        return switch (thinking) {
            case PROMPT -> true;
            case RESPONSE -> false;
            case AUTO ->
                rollout.getPromptOpensThinking()
                        || (!messages.isEmpty()
                                && MathGrader.opensThinking(
                                        messages.get(messages.size() - 1).getContent()));
        };
    }

    /** Judges an answer by itself, without a response around it. */
    public Judgement judgePrediction(String reference, String prediction) {
        return judgement(grader.gradePrediction(reference, prediction));
    }

    /** A grade as a judgement: reward 1 if correct, none if the reference cannot be parsed, 0 otherwise. */
    public static Judgement judgement(Grade grade) {
        return switch (grade.status()) {
            case CORRECT -> judged(VerdictStatus.CORRECT, grade, 1);
            case INCORRECT -> judged(VerdictStatus.INCORRECT, grade, 0);
            case NO_ANSWER -> judged(VerdictStatus.NO_ANSWER, grade, 0);
            case UNPARSEABLE_ANSWER -> judged(VerdictStatus.UNPARSEABLE_ANSWER, grade, 0);
            case BUDGET_EXCEEDED -> judged(VerdictStatus.BUDGET_EXCEEDED, grade, 0);
            case UNPARSEABLE_REFERENCE ->
                new Judgement(VerdictStatus.UNPARSEABLE_REFERENCE, null, grade.extracted(), grade.rule());
        };
    }

    private static Judgement judged(VerdictStatus status, Grade grade, double reward) {
        return new Judgement(status, reward, grade.extracted(), grade.rule());
    }
}
