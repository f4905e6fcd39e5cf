package io.sppostream.history.replay;

import io.sppostream.events.Expired;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.history.recorded.RecordedPrompts;
import io.sppostream.history.recorded.RecordedRun;
import io.sppostream.history.recorded.RecordedSamples;
import io.sppostream.history.recorded.RecordedSteps;
import io.sppostream.history.replay.ReplayReport.Weights;
import io.sppostream.learn.CriticSettings;
import io.sppostream.learn.TrainableCritic;
import io.sppostream.log.loop.ExactlyOnceLog;
import io.sppostream.model.CriticModel;
import io.sppostream.model.Tokenizer;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The critic that a replay trains, with all that it reads and writes. For one thread. */
record ReplayCritic(
        Rescoring rescoring,
        CriticSteps steps,
        TrainableCritic line,
        CriticModel model,
        Tokenizer tokenizer,
        RecordedSteps ledger,
        RecordedSamples samples,
        ValuesByVersion values,
        RecordedPrompts prompts)
        implements AutoCloseable {

    /**
     * Begins its line in the new namespace. Its start weights are those recorded, unless it is to have another shape.
     *
     * @param model of the shape it is to have; closed with this, as is the tokenizer
     */
    static ReplayCritic start(
            Recording recording,
            Plan plan,
            RecordedRun source,
            CriticModel model,
            Tokenizer tokenizer,
            ReplayJudge judge,
            ExactlyOnceLog out,
            Clock clock) {
        source.readStart(
                ModelKind.CRITIC, version -> version.getConfig().equals(model.configJson()), model::readWeights);
        CriticSettings settings =
                plan.configuration().settings().critic(plan.configuration().sha256());
        TrainableCritic line =
                new TrainableCritic(model, tokenizer, settings.update(), settings.optimizer(), settings.training());
        CriticSteps steps = new CriticSteps(
                out, source.kafka(), plan.configuration().settings().topics(), line, settings.step(), clock);
        RecordedSteps ledger = recording.steps(ModelKind.CRITIC);
        RecordedSamples samples = recording.samples();
        ValuesByVersion values = recording.values();
        RecordedPrompts prompts = recording.prompts();
        Set<String> trained = plan.judgeAgain() ? recording.trained(ModelKind.CRITIC) : Set.of();
        Rescoring rescoring = new Rescoring(
                new Rescoring.Recorded(ledger, samples, values, prompts, trained),
                model,
                steps,
                tokenizer,
                judge,
                settings.step(),
                clock);
        return new ReplayCritic(rescoring, steps, line, model, tokenizer, ledger, samples, values, prompts);
    }

    /** Trains to the end of what is recorded, and has the new namespace's ledger tell all of it. */
    Weights finish(Replay replay, Recording recording) {
        rescoring.finish();
        List<TrainingSample> own = rescoring.unplaced();
        Set<String> requests =
                own.stream().map(sample -> sample.getRollout().getRequestId()).collect(Collectors.toSet());
        Set<String> rollouts =
                own.stream().map(sample -> sample.getRollout().getRolloutId()).collect(Collectors.toSet());
        List<Expired> expired = recording.expired(requests::contains).stream()
                .filter(each -> each.getRolloutId() != null && rollouts.contains(each.getRolloutId()))
                .toList();
        replay.writeCriticsOwn(own, expired);
        replay.commit();
        return Weights.of(rescoring.hashes(), ledger.hashes());
    }

    @Override
    public void close() {
        prompts.close();
        values.close();
        samples.close();
        ledger.close();
        steps.close();
        line.close();
        tokenizer.close();
        model.close();
    }
}
