package io.sppostream.run;

import io.sppostream.advantage.AdvantageStream;
import io.sppostream.events.catalogue.RoleName;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.feed.Feed;
import io.sppostream.feed.FeedShard;
import io.sppostream.feed.data.Dataset;
import io.sppostream.learn.Critic;
import io.sppostream.learn.CriticScorer;
import io.sppostream.learn.CriticSettings;
import io.sppostream.learn.PolicyLearner;
import io.sppostream.learn.PolicyLearnerSettings;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.RunningRole;
import io.sppostream.model.CriticModel;
import io.sppostream.model.PolicyModel;
import io.sppostream.model.Tokenizer;
import io.sppostream.rollout.ModelGenerator;
import io.sppostream.rollout.PolicyVersions;
import io.sppostream.rollout.RolloutProducer;
import io.sppostream.rollout.RolloutProducerSettings;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import io.sppostream.verify.AsyncVerifier;
import io.sppostream.verify.ConfiguredVerifier;
import io.sppostream.verify.RewardVerifier;
import io.sppostream.verify.Verifiers;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Starts each role as configured; the same for a role of {@code train} and one that runs alone. */
public record Roles(Configuration configuration, RunLog runLog, Clock clock, Consumer<Throwable> onFailure) {

    /** dataset -> prompts. */
    public RunningRole feed(Dataset dataset, FeedShard shard) {
        return new Feed(runLog, dataset, shard, settings().feed(), clock, onFailure);
    }

    /**
     * The policy versions on the log, loaded to sample from.
     *
     * @param newModel makes a model to load weights into
     */
    public PolicyVersions policyVersions(Supplier<PolicyModel> newModel) {
        return new PolicyVersions(runLog, newModel, onFailure);
    }

    /**
     * prompts -> rollouts.
     *
     * @param versions closed with the role
     */
    public RunningRole rolloutProducer(PolicyVersions versions, Tokenizer tokenizer) {
        requireOffsets(
                RoleName.ROLLOUT_PRODUCER,
                runLog.topics().prompts(),
                runLog.topics().rollouts());
        RolloutProducerSettings rollout = settings().rollout();
        ModelGenerator generator =
                new ModelGenerator(versions, tokenizer, runLog.topics().partitions(), rollout);
        return new RolloutProducer(runLog, generator, rollout, stateDirectory(), clock, onFailure);
    }

    /** rollouts -> verdicts of the inline verifiers. */
    public RunningRole rewardVerifier(Verifiers verifiers) {
        requireVerifierOffsets(
                RoleName.REWARD_VERIFIER,
                verifiers.all().stream()
                        .filter(ConfiguredVerifier::isInline)
                        .map(ConfiguredVerifier::name)
                        .collect(Collectors.toSet()));
        return RewardVerifier.start(runLog, verifiers, stateDirectory(), 1, onFailure);
    }

    /** rollouts -> verdicts of one asynchronous verifier. */
    public RunningRole asyncVerifier(Verifiers verifiers, ConfiguredVerifier verifier) {
        requireVerifierOffsets(AsyncVerifier.role(verifier.name()), Set.of(verifier.name()));
        return new AsyncVerifier(runLog, verifiers, verifier, stateDirectory(), clock, onFailure);
    }

    /** rollouts + verdicts + values -> advantages. */
    public RunningRole advantageStream() {
        requireOffsets(
                RoleName.ADVANTAGE_STREAM,
                runLog.topics().rollouts(),
                runLog.topics().advantages());
        return AdvantageStream.start(runLog, settings().join(), stateDirectory(), 1, onFailure);
    }

    /** advantages -> policy weights. */
    public PolicyLearner policyLearner(PolicyModel model) {
        PolicyLearnerSettings learner = settings().policyLearner(model.config(), configuration.sha256());
        return new PolicyLearner(runLog, model, learner, clock, onFailure);
    }

    /** prompts, or rollouts for a critic of tokens -> values; advantages -> critic weights. Only the latter, if another role scores. */
    public RunningRole critic(CriticModel model, Tokenizer tokenizer) {
        if (!settings().scoresApart()) {
            requireScoringOffsets(RoleName.CRITIC);
        }
        CriticSettings critic = settings().critic(model.config(), configuration.sha256());
        return new Critic(runLog, model, tokenizer, critic, clock, onFailure);
    }

    /** prompts, or rollouts for a critic of tokens -> values. */
    public RunningRole criticScorer(CriticModel model, Tokenizer tokenizer) {
        requireScoringOffsets(RoleName.CRITIC_SCORER);
        return new CriticScorer(
                runLog, model, tokenizer, settings().criticScorer(), stateDirectory(), clock, onFailure);
    }

    private void requireScoringOffsets(String role) {
        requireOffsets(
                role,
                settings().hasTokenCritic()
                        ? runLog.topics().rollouts()
                        : runLog.topics().prompts(),
                runLog.topics().values());
    }

    private void requireOffsets(String role, Topic<?> input, Topic<?> output) {
        GroupOffsets.require(runLog.kafka(), runLog.serdes(), runLog.topics().application(role), input, output);
    }

    private void requireVerifierOffsets(String role, Set<String> verifiers) {
        GroupOffsets.requireOfVerifier(runLog, runLog.topics().application(role), verifiers);
    }

    private RunSettings settings() {
        return configuration.settings();
    }

    private Path stateDirectory() {
        return settings().dataDirectory().resolve("state");
    }
}
