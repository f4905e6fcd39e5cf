package io.sppostream.history.audit;

import io.sppostream.events.ReplayOf;
import io.sppostream.events.Run;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.Lineage;
import io.sppostream.log.EventRecord;
import io.sppostream.log.LogScan;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import io.sppostream.run.config.Configuration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.IsolationLevel;

/**
 * Checks that the log of a run is consistent. The run may be in progress.
 *
 * <ul>
 *   <li>Conservation: every requested rollout is trained, expired or pending.
 *   <li>Ledger: steps have no gaps, hashes chain from the start weights to the last version, each sample is at the offset
 *       that the ledger names, no sample is trained twice, and none before the consumed offsets is left out.
 *   <li>Joins: each sample holds the rollout, the verdicts and the value that are on their topics.
 *   <li>Weights: the bytes of each version have the SHA-256 of its manifest. Roles that follow the log do not check this.
 * </ul>
 *
 * <p>Several threads read the topics, one topic per thread at a time. The ledger is read last, because it is compared with
 * the other topics. Of each rollout the audit keeps its id, a few numbers and the digests of its records.
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
        AuditChecks checks = new AuditChecks(
                runLog.topics(),
                starts.stream()
                        .map(each -> each.event().getConfigurationSha256())
                        .collect(Collectors.toSet()),
                lineage);
        for (ModelKind kind : ModelKind.values()) {
            log.read(runLog.topics().versions(kind), cut.ends(), checks.versions(kind)::take);
            readNamed(lineage, kind, checks);
        }

        List<WeightsAudit> weights = Stream.of(ModelKind.values())
                .map(kind -> new WeightsAudit(runLog, checks.versions(kind)))
                .toList();
        List<Runnable> readings = new ArrayList<>(weights);
        readings.add(() -> log.read(runLog.topics().advantages(), cut.ends(), sample -> {
            checks.samples().take(sample);
            checks.joins().sample(sample);
        }));
        readings.add(() -> {
            log.read(runLog.topics().prompts(), cut.ends(), checks.requests()::asked);
            log.read(runLog.topics().rollouts(), cut.ends(), rollout -> {
                checks.requests().answered(rollout);
                checks.joins().rollout(rollout);
            });
            log.read(runLog.topics().expired(), cut.ends(), checks.requests()::expired);
        });
        readings.add(() -> {
            log.read(runLog.topics().verdicts(), cut.ends(), checks.joins()::verdict);
            log.read(runLog.topics().values(), cut.ends(), checks.joins()::value);
        });
        ParallelReads.run(readings);
        checks.requests().settleExpiredRequests();
        log.read(runLog.topics().trainingSteps(), cut.ends(), checks::take);
        checks.end(cut.consumed(), kind -> cut.published(runLog.topics().versions(kind)));

        List<AuditReport.Result> results = new ArrayList<>();
        results.add(configurations(starts, lineage).result());
        results.addAll(checks.results(complete()));
        results.add(WeightsAudit.conclude(weights).result());
        return new AuditReport(runLog.topics().namespace(), results, (System.nanoTime() - start) / 1e9);
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
