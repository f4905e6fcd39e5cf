package io.sppostream.grade;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.log.RunLog;
import io.sppostream.log.TopicAdmin;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;

/**
 * Reports where the shadow verifiers of a run disagree with the rewards that the run trained on. The output has a line
 * for each such rollout, with {@code rolloutId}, {@code dataset}, {@code gold}, {@code response}, {@code reward} and the
 * {@code verdicts}. {@link CaseGrading} and {@link VerifierComparison} read it as a case.
 */
public final class ShadowReport {
    private final RunLog runLog;
    private final Map<String, List<Verdict>> shadows = new HashMap<>();
    private final SortedMap<String, Count> counts = new TreeMap<>();

    /** The verdicts of one shadow on rewarded rollouts. */
    private static final class Count {
        private int judged;
        private final SortedMap<String, Integer> disagreements = new TreeMap<>();
    }

    public ShadowReport(RunLog runLog) {
        this.runLog = runLog;
    }

    /**
     * Reads the run and writes the lines.
     *
     * @return a summary of each shadow, in words
     */
    public List<String> write(PrintStream out) {
        read(runLog.topics().verdicts(), verdict -> {
            if (verdict.getShadow()) {
                shadows.computeIfAbsent(verdict.getRolloutId(), id -> new ArrayList<>(1))
                        .add(verdict);
            }
        });
        read(runLog.topics().advantages(), sample -> compare(sample, out));
        return counts.isEmpty()
                ? List.of("no rewarded rollout has a verdict of a shadow")
                : counts.entrySet().stream()
                        .map(one -> words(one.getKey(), one.getValue()))
                        .toList();
    }

    private void compare(TrainingSample sample, PrintStream out) {
        List<Verdict> disagreeing = new ArrayList<>();
        for (Verdict shadow : shadows.getOrDefault(sample.getRollout().getRolloutId(), List.of())) {
            Count count = counts.computeIfAbsent(shadow.getVerifier(), name -> new Count());
            count.judged++;
            if (shadow.getReward() == null || shadow.getReward() != sample.getReward()) {
                count.disagreements.merge(
                        shadow.getStatus() + " for a reward of " + sample.getReward(), 1, Integer::sum);
                disagreeing.add(shadow);
            }
        }
        if (!disagreeing.isEmpty()) {
            out.println(line(sample, disagreeing));
        }
    }

    private static String line(TrainingSample sample, List<Verdict> disagreeing) {
        ObjectNode line = LineFilter.object()
                .put("rolloutId", sample.getRollout().getRolloutId())
                .put("dataset", sample.getRollout().getDataset())
                .put("gold", sample.getRollout().getReference())
                .put("response", sample.getRollout().getText())
                .put("reward", sample.getReward());
        ObjectNode verdicts = line.putObject("verdicts");
        put(verdicts, sample.getVerdict());
        sample.getFurtherVerdicts().forEach(verdict -> put(verdicts, verdict));
        disagreeing.forEach(verdict -> put(verdicts, verdict));
        return line.toString();
    }

    private static void put(ObjectNode verdicts, Verdict verdict) {
        verdicts.putObject(verdict.getVerifier())
                .put("status", verdict.getStatus().name())
                .put("reward", verdict.getReward())
                .put("extracted", verdict.getExtracted())
                .put("rule", verdict.getRule())
                .put("shadow", verdict.getShadow());
    }

    private static String words(String shadow, Count count) {
        int total = count.disagreements.values().stream()
                .mapToInt(Integer::intValue)
                .sum();
        return String.format(
                Locale.ROOT,
                "%s: %,d rewarded rollouts judged, %,d disagreements%s",
                shadow,
                count.judged,
                total,
                count.disagreements.entrySet().stream()
                        .map(one -> String.format(Locale.ROOT, ", %,d %s", one.getValue(), one.getKey()))
                        .collect(Collectors.joining()));
    }

    private <V extends SpecificRecord> void read(Topic<V> topic, Consumer<V> reader) {
        Map<TopicPartition, Long> ends;
        try (TopicAdmin admin = new TopicAdmin(runLog.kafka())) {
            ends = admin.ends(IsolationLevel.READ_COMMITTED, List.of(topic));
        }
        runLog.scan().read(topic, ends, record -> reader.accept(record.event()));
    }
}
