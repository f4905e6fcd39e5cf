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
 * Whether the log of a run adds up, at a moment of a run that may be going on. Conservation: every rollout asked for is
 * trained, expired or pending. LedgerAudit: gapless, hashes chained from the start weights to the last version, each sample
 * where it is said to lie, none trained twice, none before the consumed offsets left out. Joins: each sample holds the
 * rollout, the verdicts and the value that are on their topics. Weights: the bytes of each version have the SHA-256 of
 * its manifest, which those who follow the log do not check.
 *
 * <p>Topics are read by several threads, one each, and the ledger last: it is judged by what the others hold. What is
 * kept of a rollout is its id, a few numbers and the digests of its records.
 */
public final class Audit {
    private final RunLog runLog;
    private final LogScan log;

    public Audit(RunLog runLog) {
        this.runLog = runLog;
        this.log = runLog.scan();
    }

    /** Looks at everything. */
    public AuditReport run() {
        long start = System.nanoTime();
        Cut cut = cut();
        Lineage lineage = Lineage.of(runLog);
        List<EventRecord<Run>> starts = new ArrayList<>();
        log.read(runLog.topics().runs(), cut.ends(), starts::add);
        Findings findings = new Findings(
                runLog.topics(),
                starts.stream()
                        .map(each -> each.event().getConfigurationSha256())
                        .collect(Collectors.toSet()),
                lineage);
        for (ModelKind kind : ModelKind.values()) {
            log.read(runLog.topics().versions(kind), cut.ends(), findings.versions(kind)::take);
            readNamed(lineage, kind, findings);
        }

        List<WeightsAudit> weights = Stream.of(ModelKind.values())
                .map(kind -> new WeightsAudit(runLog, findings.versions(kind)))
                .toList();
        List<Runnable> readings = new ArrayList<>(weights);
        readings.add(() -> log.read(runLog.topics().advantages(), cut.ends(), sample -> {
            findings.samples().take(sample);
            findings.joins().sample(sample);
        }));
        readings.add(() -> {
            log.read(runLog.topics().prompts(), cut.ends(), findings.requests()::asked);
            log.read(runLog.topics().rollouts(), cut.ends(), rollout -> {
                findings.requests().answered(rollout);
                findings.joins().rollout(rollout);
            });
            log.read(runLog.topics().expired(), cut.ends(), findings.requests()::expired);
        });
        readings.add(() -> {
            log.read(runLog.topics().verdicts(), cut.ends(), findings.joins()::verdict);
            log.read(runLog.topics().values(), cut.ends(), findings.joins()::value);
        });
        Parallel.run(readings);
        findings.requests().settleWholeRequests();
        log.read(runLog.topics().trainingSteps(), cut.ends(), findings::take);
        findings.end(cut.consumed(), kind -> cut.published(runLog.topics().versions(kind)));

        List<AuditReport.Result> results = new ArrayList<>();
        results.add(configurations(starts, lineage).result());
        results.addAll(findings.results(whole()));
        results.add(WeightsAudit.conclude(weights).result());
        return new AuditReport(runLog.topics().namespace(), results, (System.nanoTime() - start) / 1e9);
    }

    private Cut cut() {
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            return Cut.of(admin, runLog.topics());
        }
    }

    /** Samples of a replay name versions of another namespace. */
    private void readNamed(Lineage lineage, ModelKind kind, Findings findings) {
        Topics named = lineage.named().get(kind);
        if (!lineage.isOwn(kind) && named != null) {
            try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
                log.read(
                        named.versions(kind),
                        admin.ends(IsolationLevel.READ_COMMITTED, List.of(named.versions(kind))),
                        findings.named(kind)::take);
            }
        }
    }

    /** Names of those topics that samples are joined of which still have their first records. */
    private Set<String> whole() {
        List<Topic<?>> joined = List.of(
                runLog.topics().rollouts(),
                runLog.topics().verdicts(),
                runLog.topics().values());
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            Set<String> cutOff = admin.beginnings(joined).entrySet().stream()
                    .filter(begin -> begin.getValue() > 0)
                    .map(begin -> begin.getKey().topic())
                    .collect(Collectors.toSet());
            return joined.stream()
                    .map(Topic::name)
                    .filter(name -> !cutOff.contains(name))
                    .collect(Collectors.toSet());
        }
    }

    /** Each start of the run has the hash it is recorded under, and none would train otherwise than the first. */
    private static Check configurations(List<EventRecord<Run>> starts, Lineage lineage) {
        Check check = new Check("runs", "the configurations have the hashes they are recorded under, and train alike");
        for (EventRecord<Run> received : starts) {
            Run run = received.event();
            check.require(
                    Hashes.sha256(run.getConfiguration()).equals(run.getConfigurationSha256()),
                    () -> Difference.at(0, received, "the configuration does not have the hash it is recorded under"));
            List<String> differences = Configuration.recorded(run.getConfiguration(), Map.of(), Map.of())
                    .differencesInTraining(starts.get(0).event().getConfiguration());
            check.require(
                    differences.isEmpty(),
                    () -> Difference.at(
                            0, received, "differs in training from the first: " + String.join(", ", differences)));
        }
        check.sumUp("%d recorded%s", starts.size(), origin(lineage));
        return check;
    }

    private static String origin(Lineage lineage) {
        ReplayOf replayOf = lineage.replayOf();
        if (replayOf == null) {
            return "";
        }
        List<String> gone = Stream.of(ModelKind.values())
                .filter(kind -> !lineage.named().containsKey(kind))
                .map(kind -> kind.id() + " versions that samples name are no longer there to compare")
                .toList();
        return ", a replay of '" + replayOf.getRun() + "'" + (gone.isEmpty() ? "" : ": " + String.join(", ", gone));
    }
}
