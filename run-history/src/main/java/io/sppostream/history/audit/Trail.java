package io.sppostream.history.audit;

import io.sppostream.events.Expired;
import io.sppostream.events.Prompt;
import io.sppostream.events.Rollout;
import io.sppostream.events.Run;
import io.sppostream.events.TrainedSample;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.TrainingStep;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogScan;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.UserException;
import io.sppostream.run.config.Configuration;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/** Everything the log has of one request: each record with where it lies, from the prompt to the gradient steps. */
public final class Trail {

    /**
     * A rollout in a step of a line.
     *
     * @param place of the sample in training order, from 0
     * @param sample the ledger's line
     */
    record Trained(EventRecord<TrainingStep> step, int place, TrainedSample sample) {}

    final Topics topics;
    final String requestId;
    final List<EventRecord<Prompt>> prompts = new ArrayList<>();
    final List<EventRecord<Value>> values = new ArrayList<>();
    final List<EventRecord<Rollout>> rollouts = new ArrayList<>();
    final List<EventRecord<Verdict>> verdicts = new ArrayList<>();
    final List<EventRecord<TrainingSample>> samples = new ArrayList<>();
    final List<Trained> trained = new ArrayList<>();
    final List<EventRecord<Expired>> expired = new ArrayList<>();
    final List<Run> runs = new ArrayList<>();

    Trail(Topics topics, String requestId) {
        this.topics = topics;
        this.requestId = requestId;
    }

    /**
     * Follows a request through the log.
     *
     * @param id of the request, or of one of its rollouts
     * @throws UserException where the log has nothing of it
     */
    public static Trail of(RunLog runLog, String id) {
        Trail trail = new Trail(runLog.topics(), RolloutIds.requestId(id));
        Map<TopicPartition, Long> ends;
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, runLog.topics().all());
        }
        LogScan log = runLog.scan();
        Parallel.run(List.of(
                () -> {
                    trail.read(log, ends, runLog.topics().prompts(), trail.prompts::add);
                    trail.read(log, ends, runLog.topics().values(), trail.values::add);
                    trail.read(log, ends, runLog.topics().verdicts(), trail.verdicts::add);
                },
                () -> {
                    trail.read(log, ends, runLog.topics().rollouts(), trail.rollouts::add);
                    trail.read(log, ends, runLog.topics().expired(), trail.expired::add);
                    log.read(runLog.topics().runs(), ends, run -> trail.runs.add(run.event()));
                },
                () -> trail.read(log, ends, runLog.topics().advantages(), trail.samples::add),
                () -> log.read(runLog.topics().trainingSteps(), ends, trail::take)));
        if (trail.prompts.isEmpty() && trail.values.isEmpty() && trail.rollouts.isEmpty() && trail.expired.isEmpty()) {
            throw new UserException("run '" + runLog.topics().namespace() + "' has no request '" + trail.requestId
                    + "': ids are those of the prompts, or of their rollouts, as " + trail.requestId + "/0");
        }
        return trail;
    }

    private <V extends SpecificRecord> void read(
            LogScan log, Map<TopicPartition, Long> ends, Topic<V> topic, Consumer<EventRecord<V>> reader) {
        log.read(topic, ends, requestId::equals, reader);
    }

    /** Looks for the request's rollouts in a step. */
    void take(EventRecord<TrainingStep> step) {
        List<TrainedSample> those = step.event().getSamples();
        for (int place = 0; place < those.size(); place++) {
            if (RolloutIds.belongsTo(those.get(place).getRolloutId(), requestId)) {
                trained.add(new Trained(step, place, those.get(place)));
            }
        }
    }

    /** In how many mini-batches a step was cut, by the configuration it was made under; 1 where that is not known. */
    int miniBatches(TrainingStep step) {
        return runs.stream()
                .filter(run -> run.getConfigurationSha256().equals(step.getConfigurationSha256()))
                .map(run -> Configuration.recorded(run.getConfiguration(), Map.of(), Map.of())
                        .settings()
                        .miniBatches())
                .findFirst()
                .orElse(1);
    }

    /** Prints it, in the order in which it passed the roles. */
    public void print(PrintStream out) {
        new TrailPrinter(this, out).print();
    }
}
