package io.sppostream.run.evaluate;

import io.sppostream.advantage.RewardOutcome;
import io.sppostream.advantage.RewardRules;
import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.run.config.RewardFactory;
import io.sppostream.run.config.RunSettings;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.ConfiguredVerifier.Place;
import io.sppostream.verify.Judgement;
import io.sppostream.verify.RunningVerifier;
import io.sppostream.verify.Verifiers;
import io.sppostream.verify.Verifiers.Assignment;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The rewards that the verifiers and the join of a run would give to rollouts, without a log. Verifiers that are programs
 * of their own cannot be asked.
 */
public final class OfflineRewards implements AutoCloseable {
    private final Verifiers verifiers;
    private final RewardRules rewards;
    private final Map<String, RunningVerifier> judges = new HashMap<>();

    private OfflineRewards(Verifiers verifiers, RewardRules rewards) {
        this.verifiers = verifiers;
        this.rewards = rewards;
        for (ConfiguredVerifier verifier : verifiers.all()) {
            if (!(verifier.place() instanceof Place.External)) {
                judges.put(verifier.name(), verifier.start());
            }
        }
    }

    /** The rewards of a configuration. */
    public static OfflineRewards of(RunSettings settings, Verifiers verifiers) {
        return new OfflineRewards(verifiers, RewardFactory.rewards(settings));
    }

    /**
     * Why no rollout of a dataset can be rewarded: all of the dataset's verifiers are programs of their own. Empty if
     * some can be asked.
     */
    public Optional<String> obstacle(String dataset) {
        List<String> rewarding = verifiers.of(dataset).stream()
                .filter(duty -> !duty.shadow())
                .map(duty -> duty.verifier().name())
                .toList();
        return rewarding.stream().anyMatch(judges::containsKey)
                ? Optional.empty()
                : Optional.of("verifier " + String.join(", ", rewarding)
                        + " is a program of its own, which evaluations cannot ask");
    }

    /** A verifier that was asked about a rollout, and its answer. */
    private record Asked(ConfiguredVerifier verifier, CompletableFuture<Judgement> judgement) {}

    /** The rewards of rollouts, in their order; empty for a rollout that was not judged. */
    public List<OptionalDouble> of(List<Rollout> rollouts) {
        return outcomes(rollouts, Instant.EPOCH).stream()
                .map(outcome -> outcome instanceof RewardOutcome.Rewarded rewarded
                        ? OptionalDouble.of(rewarded.reward())
                        : OptionalDouble.empty())
                .toList();
    }

    /**
     * The outcomes of the verdicts on rollouts, in the order of the rollouts; null if one depends on a verifier that is a
     * program of its own.
     *
     * @param now the time that the verdicts carry
     */
    public List<@Nullable RewardOutcome> outcomes(List<Rollout> rollouts, Instant now) {
        List<List<Asked>> asked = rollouts.stream().map(this::ask).toList();
        List<@Nullable RewardOutcome> outcomes = new ArrayList<>(rollouts.size());
        for (int i = 0; i < rollouts.size(); i++) {
            outcomes.add(outcome(rollouts.get(i), asked.get(i), now));
        }
        return outcomes;
    }

    private List<Asked> ask(Rollout rollout) {
        List<Asked> asked = new ArrayList<>(1);
        for (Assignment assignment : verifiers.of(rollout.getDataset())) {
            RunningVerifier judge = judges.get(assignment.verifier().name());
            if (judge != null && !assignment.shadow()) {
                asked.add(new Asked(assignment.verifier(), judge.judge(rollout)));
            }
        }
        return asked;
    }

    private @Nullable RewardOutcome outcome(Rollout rollout, List<Asked> asked, Instant now) {
        List<Verdict> verdicts = asked.stream()
                .map(one -> one.verifier().sign(rollout, one.judgement().join(), false, now))
                .toList();
        return rewards.of(rollout.getDataset()).outcome(verdicts);
    }

    /** Id of the rule by which the verdicts on a dataset's rollouts become rewards, as samples record it. */
    public String combination(String dataset) {
        return rewards.of(dataset).id();
    }

    @Override
    public void close() {
        judges.values().forEach(RunningVerifier::close);
    }
}
