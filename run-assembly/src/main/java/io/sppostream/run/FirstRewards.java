package io.sppostream.run;

import io.sppostream.events.Message;
import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.VerdictStatus;
import io.sppostream.log.EventReader;
import io.sppostream.log.EventRecord;
import io.sppostream.log.RunLog;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.report.TerminalText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Watches the first rewards of a run, and says so once, with an example, if nothing can be learned from them: if a verifier
 * finds no answer in nearly all responses of its first batch, or if every verifier gives the same reward to all of its
 * first 256. For one thread.
 */
final class FirstRewards implements AutoCloseable {
    static final int WATCHED = 256;

    /** Share of responses without an answer that is a mistake in the settings rather than a weak policy. */
    private static final double NEARLY_ALL = 0.9;

    private static final int SHOWN = 160;
    private static final int POLLS = 20;
    private static final Duration WAIT = Duration.ofMillis(250);
    private static final Set<String> UNUSED = Set.of(
            "Rollout.promptTokens", "Rollout.responseTokens", "Rollout.behaviourLogProbs", "Rollout.policySegments");

    private final Configuration configuration;
    private final RunLog runLog;
    private final int firstBatch;
    private final Tally tally = new Tally();
    private @Nullable EventReader verdicts;

    /** The rewards that one verifier has given. */
    private static final class Seen {
        private final Verdict first;
        private final List<Verdict> unanswered = new ArrayList<>();
        private int count;
        private boolean varies;

        Seen(Verdict first) {
            this.first = first;
        }
    }

    /** The first rewards of each verifier. */
    static final class Tally {
        private final Map<String, Seen> byVerifier = new HashMap<>();

        /** Takes a verdict into account; whether enough have been seen. */
        boolean add(Verdict verdict) {
            Double reward = verdict.getReward();
            if (reward == null || verdict.getShadow()) {
                return false;
            }
            Seen seen = byVerifier.computeIfAbsent(verdict.getVerifier(), name -> new Seen(verdict));
            seen.count++;
            seen.varies |= !reward.equals(seen.first.getReward());
            if (verdict.getStatus() == VerdictStatus.NO_ANSWER) {
                seen.unanswered.add(verdict);
            }
            return seen.count >= WATCHED;
        }

        /** Whether no verifier has given two different rewards. */
        boolean isConstant() {
            return byVerifier.values().stream().noneMatch(seen -> seen.varies);
        }

        /**
         * The responses in which a verifier found no answer, if it has just judged a first batch, and they are nearly all of
         * it; else empty.
         */
        List<Verdict> unanswered(String verifier, int batch) {
            Seen seen = byVerifier.get(verifier);
            return seen != null && seen.count == batch && seen.unanswered.size() >= NEARLY_ALL * batch
                    ? List.copyOf(seen.unanswered)
                    : List.of();
        }

        Verdict first(String verifier) {
            return Objects.requireNonNull(byVerifier.get(verifier)).first;
        }
    }

    /** @param watches whether there is anything to watch: not if the run is resumed */
    FirstRewards(Configuration configuration, RunLog runLog, boolean watches) {
        this.configuration = configuration;
        this.runLog = runLog;
        this.firstBatch = Math.min(WATCHED, configuration.settings().batchSize());
        if (watches) {
            verdicts = runLog.following(List.of(runLog.topics().verdicts()));
        }
    }

    /**
     * Reads new verdicts.
     *
     * @param timeout how long to wait for some
     * @return the warning, once it is due
     */
    Optional<String> poll(Duration timeout) {
        if (verdicts == null) {
            return Optional.empty();
        }
        for (EventRecord<?> record : verdicts.poll(timeout)) {
            Verdict verdict = (Verdict) record.event();
            boolean enough = tally.add(verdict);
            List<Verdict> unanswered =
                    verdict.getShadow() ? List.of() : tally.unanswered(verdict.getVerifier(), firstBatch);
            if (!unanswered.isEmpty()) {
                close();
                return Optional.of(UnansweredResponses.warning(
                        configuration, verdict.getVerifier(), firstBatch, rollouts(unanswered)));
            }
            if (enough) {
                close();
                return tally.isConstant() ? Optional.of(warning(verdict)) : Optional.empty();
            }
        }
        return Optional.empty();
    }

    private String warning(Verdict last) {
        Verdict example = tally.first(last.getVerifier());
        return warning(example, rollouts(List.of(example)).stream().findFirst().orElse(null));
    }

    /** @param rollout the rollout of the example; null if it was not found */
    static String warning(Verdict example, @Nullable Rollout rollout) {
        StringBuilder text = new StringBuilder("warning: the first " + WATCHED + " rewards of verifier "
                + TerminalText.printable(example.getVerifier()) + " are all " + example.getReward()
                + ", so that the policy has nothing to learn from. For example, it says " + example.getStatus());
        if (example.getExtracted() != null) {
            text.append(" to the answer '" + end(example.getExtracted()) + "'");
        }
        if (rollout != null) {
            List<Message> messages = rollout.getMessages();
            text.append(" in the response '" + end(rollout.getText()) + "' (reference '" + end(rollout.getReference())
                    + "', prompt '"
                    + (messages.isEmpty()
                            ? ""
                            : end(messages.get(messages.size() - 1).getContent())) + "')");
        }
        return text.append(
                        ". Check the prompt with ./sppo prompt --show, the verifier (docs/verifiers.md), and rollout "
                                + TerminalText.printable(example.getRolloutId()) + " with ./sppo inspect")
                .toString();
    }

    /** The end of a text, where answers are. */
    static String end(String text) {
        return TerminalText.printable(text.length() <= SHOWN ? text : "..." + text.substring(text.length() - SHOWN));
    }

    /** The rollouts that verdicts are on, as far as they are found soon. */
    private List<Rollout> rollouts(List<Verdict> verdicts) {
        Set<String> wanted = new HashSet<>();
        verdicts.forEach(verdict -> wanted.add(verdict.getRolloutId()));
        List<Rollout> found = new ArrayList<>();
        try (EventReader rollouts =
                runLog.without(UNUSED).reader(List.of(runLog.topics().rollouts()))) {
            for (int i = 0; i < POLLS && !wanted.isEmpty(); i++) {
                for (EventRecord<?> record : rollouts.poll(WAIT)) {
                    if (record.event() instanceof Rollout rollout && wanted.remove(rollout.getRolloutId())) {
                        found.add(rollout);
                    }
                }
            }
        }
        return found;
    }

    @Override
    public void close() {
        if (verdicts != null) {
            verdicts.close();
            verdicts = null;
        }
    }
}
