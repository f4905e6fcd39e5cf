package io.sppostream.history.replay;

import io.sppostream.events.Expired;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.history.recorded.RecordedSteps;
import io.sppostream.learn.CriticSettings;
import io.sppostream.learn.TrainableCritic;
import io.sppostream.log.RunLog;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The critic of a replay, with the recorded events that it reads and the steps that it writes. Not thread-safe. */
record ReplayCritic(
        Rescoring rescoring,
        CriticSteps steps,
        TrainableCritic critic,
        CriticModel model,
        Tokenizer tokenizer,
        RecordedSteps ledger,
        RecordedSamples samples,
        ValuesByVersion values,
        RecordedPrompts prompts)
        implements AutoCloseable {

    /**
     * Publishes the start weights: the recorded ones, or fresh ones if the critic has another shape.
     *
     * @param model closed with this
     * @param tokenizer closed with this
     */
    static ReplayCritic start(
            ReplaySource recorded,
            ReplayPlan plan,
            RecordedRun source,
            CriticModel model,
            Tokenizer tokenizer,
            ReplayJudge judge,
            ExactlyOnceLog out,
            Clock clock) {
        source.readStart(
                ModelKind.CRITIC, version -> version.getConfig().equals(model.configJson()), model::readWeights);
        CriticSettings settings = plan.configuration()
                .settings()
                .critic(model.config(), plan.configuration().sha256());
        TrainableCritic critic =
                new TrainableCritic(model, tokenizer, settings.update(), settings.optimizer(), settings.training());
        CriticSteps steps = new CriticSteps(
                out,
                new RunLog(
                        source.log().kafka(),
                        source.log().serdes(),
                        plan.configuration().settings().topics()),
                critic,
                settings.step(),
                clock);
        RecordedSteps ledger = recorded.steps(ModelKind.CRITIC);
        RecordedSamples samples = recorded.samples();
        ValuesByVersion values = recorded.values();
        RecordedPrompts prompts = recorded.prompts();
        Set<String> trained = plan.judgeAgain() ? recorded.trained(ModelKind.CRITIC) : Set.of();
        Rescoring rescoring = new Rescoring(
                new Rescoring.Inputs(ledger, samples, values, prompts, trained),
                model,
                steps,
                tokenizer,
                judge,
                settings.step(),
                clock);
        return new ReplayCritic(rescoring, steps, critic, model, tokenizer, ledger, samples, values, prompts);
    }

    /** Trains to the end of the recording, and writes the samples and steps that are still missing. */
    WeightsComparison finish(Replay replay, ReplaySource recorded) {
        rescoring.finish();
        List<TrainingSample> own = rescoring.unplaced();
        Set<String> requests =
                own.stream().map(sample -> sample.getRollout().getRequestId()).collect(Collectors.toSet());
        Set<String> rollouts =
                own.stream().map(sample -> sample.getRollout().getRolloutId()).collect(Collectors.toSet());
        List<Expired> expired = recorded.expired(requests::contains).stream()
                .filter(each -> each.getRolloutId() != null && rollouts.contains(each.getRolloutId()))
                .toList();
        replay.writeCriticsOwn(own, expired);
        replay.commit();
        return WeightsComparison.of(rescoring.hashes(), ledger.hashes());
    }

    @Override
    public void close() {
        prompts.close();
        values.close();
        samples.close();
        ledger.close();
        steps.close();
        critic.close();
        tokenizer.close();
        model.close();
    }
}
