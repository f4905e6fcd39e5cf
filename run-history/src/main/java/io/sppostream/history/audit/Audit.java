package io.sppostream.history.audit;

import io.sppostream.advantage.JoinSettings;
import io.sppostream.events.ReplayOf;
import io.sppostream.events.Run;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogCursor;
import io.sppostream.log.LogScan;
import io.sppostream.log.RecordCursor;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.run.config.Configuration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Checks that the log of a run is consistent. The run may be in progress.
 *
 * <ul>
 *   <li>Conservation: every requested rollout is trained, expired or pending.
 *   <li>Ledger: steps have no gaps, hashes chain from the start weights to the last version, each sample is at the offset
 *       that the ledger names, no sample is trained twice, and none before the consumed offsets is left out.
 *   <li>Joins: each sample holds the rollout, the verdicts and the value that are on their topics, and the advantages that
 *       the estimator computes for its group.
 *   <li>Weights: the bytes of each version have the SHA-256 of its manifest. Roles that follow the log do not check this.
 * </ul>
 *
 * <p>Several threads read the topics, one topic per thread at a time. Records are checked by themselves as they are read.
 * What has to be compared across topics is kept as a few numbers, by request, and compared afterwards. Memory is bounded
 * however long the log is; beyond some 300,000 rollouts temporary files take about 200 bytes a
 * rollout, and for estimators of groups also what these read: verdicts, tokens and, if needed, log-probabilities and text.
 */
public final class Audit {
    private final RunLog runLog;
    private final LogScan log;

    public Audit(RunLog runLog) {
        this.runLog = runLog;
        this.log = runLog.scan();
    }

    /** Runs all checks. */
    public AuditReport run() {
        long start = System.nanoTime();
        ConsistentCut cut = cut();
        Lineage lineage = Lineage.of(runLog);
        List<EventRecord<Run>> starts = new ArrayList<>();
        log.read(runLog.topics().runs(), cut.ends(), starts::add);
        Set<String> configurations = starts.stream()
                .map(each -> each.event().getConfigurationSha256())
                .collect(Collectors.toSet());
        try (AuditChecks checks = new AuditChecks(runLog.topics(), configurations, lineage, groups(starts))) {
            for (ModelKind kind : ModelKind.values()) {
                log.read(runLog.topics().versions(kind), cut.ends(), checks.versions(kind)::take);
                readNamed(lineage, kind, checks);
            }
            List<WeightsAudit> weights = Stream.of(ModelKind.values())
                    .map(kind -> new WeightsAudit(runLog, checks.versions(kind)))
                    .toList();
            readAll(cut, checks, weights);
            checks.end(
                    cut.consumed(),
                    kind -> cut.published(runLog.topics().versions(kind)),
                    complete(),
                    (partition, offset) -> rolloutAt(cut, partition, offset));

            List<AuditReport.Result> results = new ArrayList<>();
            results.add(configurations(starts, lineage).result());
            results.addAll(checks.results());
            results.add(WeightsAudit.conclude(weights).result());
            return new AuditReport(runLog.topics().namespace(), results, (System.nanoTime() - start) / 1e9);
        }
    }

    /** Null if advantages follow from single samples. */
    private static @Nullable GroupAudit groups(List<EventRecord<Run>> starts) {
        if (starts.isEmpty()) {
            return null;
        }
        JoinSettings join = Configuration.recorded(starts.get(0).event().getConfiguration(), Map.of(), Map.of())
                .settings()
                .join();
        return join.estimator().name().equals(SampleAudit.SPPO) ? null : new GroupAudit(join);
    }

    private void readAll(ConsistentCut cut, AuditChecks checks, List<WeightsAudit> weights) {
        Topics topics = runLog.topics();
        List<Runnable> readings = new ArrayList<>(weights);
        readings.add(() -> readEncoded(topics.advantages(), cut, checks::sample));
        readings.add(() -> {
            readEncoded(topics.rollouts(), cut, checks::rollout);
            log.read(topics.expired(), cut.ends(), checks::expired);
        });
        readings.add(() -> {
            log.read(topics.prompts(), cut.ends(), checks::prompt);
            readEncoded(topics.verdicts(), cut, checks::verdict);
            readEncoded(topics.values(), cut, checks::value);
        });
        readings.add(() -> log.read(topics.trainingSteps(), cut.ends(), checks::step));
        ParallelReads.run(readings);
    }

    private <V extends SpecificRecord> void readEncoded(
            Topic<V> topic, ConsistentCut cut, Consumer<EncodedEvent> reader) {
        EncodedEvents<V> events = new EncodedEvents<>(runLog.serdes(), topic);
        try (RecordCursor records = log.records(topic, Map.of(), cut.ends())) {
            while (records.hasNext()) {
                EncodedEvent event = events.of(records.next());
                if (event != null) {
                    reader.accept(event);
                }
            }
        }
    }

    /** The rollout whose sample is at a position of {@code advantages}; null if there is none. */
    private @Nullable String rolloutAt(ConsistentCut cut, int partition, long offset) {
        TopicPartition at = new TopicPartition(runLog.topics().advantages().name(), partition);
        if (offset >= cut.ends().getOrDefault(at, 0L)) {
            return null;
        }
        try (LogCursor<TrainingSample> samples =
                log.from(runLog.topics().advantages(), Map.of(at, offset), Map.of(at, offset + 1))) {
            return samples.hasNext() ? samples.next().event().getRollout().getRolloutId() : null;
        }
    }

    private ConsistentCut cut() {
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            return ConsistentCut.of(admin, runLog.topics());
        }
    }

    /** Reads the versions of another namespace that the samples of a replay name. */
    private void readNamed(Lineage lineage, ModelKind kind, AuditChecks checks) {
        Topics named = lineage.named().get(kind);
        if (!lineage.isOwn(kind) && named != null) {
            try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
                log.read(
                        named.versions(kind),
                        admin.ends(IsolationLevel.READ_COMMITTED, List.of(named.versions(kind))),
                        checks.named(kind)::take);
            }
        }
    }

    /** Names of the joined topics that still have all of their records. */
    private Set<String> complete() {
        List<Topic<?>> joined = List.of(
                runLog.topics().rollouts(),
                runLog.topics().verdicts(),
                runLog.topics().values());
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            Set<String> truncated = admin.beginnings(joined).entrySet().stream()
                    .filter(begin -> begin.getValue() > 0)
                    .map(begin -> begin.getKey().topic())
                    .collect(Collectors.toSet());
            return joined.stream()
                    .map(Topic::name)
                    .filter(name -> !truncated.contains(name))
                    .collect(Collectors.toSet());
        }
    }

    /** Each start of the run has the hash that is recorded with it, and trains as the first does. */
    private static Check configurations(List<EventRecord<Run>> starts, Lineage lineage) {
        Check check = new Check("runs", "the configurations match their recorded hashes and train alike");
        for (EventRecord<Run> record : starts) {
            Run run = record.event();
            check.require(
                    Hashes.sha256(run.getConfiguration()).equals(run.getConfigurationSha256()),
                    () -> Finding.at(0, record, "the configuration does not match its recorded hash"));
            List<String> differences = Configuration.recorded(run.getConfiguration(), Map.of(), Map.of())
                    .differencesInTraining(starts.get(0).event().getConfiguration());
            check.require(
                    differences.isEmpty(),
                    () -> Finding.at(
                            0, record, "differs in training from the first: " + String.join(", ", differences)));
        }
        check.summarize("%d recorded%s", starts.size(), origin(lineage));
        return check;
    }

    private static String origin(Lineage lineage) {
        ReplayOf replayOf = lineage.replayOf();
        if (replayOf == null) {
            return "";
        }
        List<String> gone = Stream.of(ModelKind.values())
                .filter(kind -> !lineage.named().containsKey(kind))
                .map(kind -> kind.id() + " versions that samples name have left the cluster and are not compared")
                .toList();
        return ", a replay of '" + replayOf.getRun() + "'" + (gone.isEmpty() ? "" : ": " + String.join(", ", gone));
    }
}
