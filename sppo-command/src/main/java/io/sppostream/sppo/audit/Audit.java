package io.sppostream.sppo.audit;

import io.sppostream.events.Run;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.Hashes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.LogScan;
import io.sppostream.log.Received;
import io.sppostream.log.TopicAdmin;
import io.sppostream.log.Topics;
import io.sppostream.log.WeightLine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether the log of a run adds up, at a moment of a run that may be going on. Conservation: every rollout asked for is
 * trained, expired or pending. Ledger: gapless, hashes chained from the start weights to the last version, each sample
 * where it is said to lie, none trained twice, none before the consumed offsets left out. Weights: the bytes of each
 * version have the SHA-256 of its manifest, which those who follow the log do not check.
 *
 * <p>Topics are read by several threads, one each, and the ledger last: it is judged by what the others hold. What is
 * kept of a rollout is its id and a few numbers.
 */
public final class Audit {
    private final KafkaSettings kafka;
    private final EventSerdes serdes;
    private final Topics topics;
    private final LogScan log;

    public Audit(KafkaSettings kafka, EventSerdes serdes, Topics topics) {
        this.kafka = kafka;
        this.serdes = serdes;
        this.topics = topics;
        this.log = new LogScan(kafka, serdes);
    }

    /** Looks at everything. */
    public AuditReport run() {
        long start = System.nanoTime();
        Cut cut = cut();
        Check configurations = new Check("runs", "the configurations have the hashes they are recorded under");
        Set<String> recorded = new HashSet<>();
        log.read(topics.runs(), cut.ends(), run -> recorded.add(configuration(run, configurations)));
        configurations.sumUp("%d recorded", recorded.size());
        Findings findings = new Findings(topics, recorded);
        for (WeightLine line : WeightLine.values()) {
            log.read(topics.versions(line), cut.ends(), findings.versions(line)::take);
        }

        List<WeightsAudit> weights = Stream.of(WeightLine.values())
                .map(line -> new WeightsAudit(kafka, serdes, topics, findings.versions(line)))
                .toList();
        List<Runnable> readings = new ArrayList<>(weights);
        readings.add(() -> log.read(topics.advantages(), cut.ends(), findings.samples()::take));
        readings.add(() -> {
            log.read(topics.prompts(), cut.ends(), findings.requests()::asked);
            log.read(topics.rollouts(), cut.ends(), findings.requests()::answered);
            log.read(topics.expired(), cut.ends(), findings.requests()::expired);
        });
        Parallel.run(readings);
        findings.requests().settleWholeRequests();
        log.read(topics.trainingSteps(), cut.ends(), findings::take);
        findings.end(cut.consumed(), line -> cut.published(topics.versions(line)));

        List<AuditReport.Result> results = new ArrayList<>();
        results.add(configurations.result());
        results.addAll(findings.results());
        results.add(WeightsAudit.conclude(weights).result());
        return new AuditReport(topics.namespace(), results, (System.nanoTime() - start) / 1e9);
    }

    private Cut cut() {
        try (TopicAdmin admin = new TopicAdmin(kafka)) {
            return Cut.of(admin, topics);
        }
    }

    private static String configuration(Received<Run> received, Check check) {
        Run run = received.event();
        check.require(
                Hashes.sha256(run.getConfiguration()).equals(run.getConfigurationSha256()),
                () -> Difference.at(0, received, "the configuration does not have the hash it is recorded under"));
        return run.getConfigurationSha256();
    }
}
