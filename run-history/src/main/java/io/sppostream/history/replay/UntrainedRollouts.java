package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.RewardRules;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.events.catalogue.Topics;
import io.sppostream.history.recorded.RecordedEvents;
import io.sppostream.log.LogException;
import io.sppostream.log.LogScan;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * The rollouts that the source's policy has not trained on for any reason: not judged, stale, pending at its end. They are
 * in the order of the policy versions that sampled them, and within a version in the order of their offsets. Rollouts of
 * one request follow each other, in the place of the first. Not thread-safe.
 */
final class UntrainedRollouts implements AutoCloseable {
    /** The reason for a rollout that has not settled. */
    static final String PENDING = "PENDING";

    private static final int BATCH = 512;

    /**
     * The outcome of a rollout in the source.
     *
     * @param reason why it was not trained: the reason of its expiry, or {@link #PENDING}
     * @param status of the verdict that rewarded it; null if there is none
     * @param reward null if there is none
     */
    record RecordedOutcome(
            String reason,
            @Nullable String status,
            @Nullable Double reward) {
        /** The outcome of evidence. */
        static RecordedOutcome evidence(ReplayJudge.Ruling ruling) {
            return new RecordedOutcome(
                    ExpiryReason.EVIDENCE.toString(),
                    ruling.verdicts().isEmpty()
                            ? null
                            : ruling.verdicts().get(0).getStatus().toString(),
                    ruling.reward());
        }
    }

    /** The position of a rollout, and the oldest version that sampled any of its tokens. */
    private record Position(String requestId, int version, int partition, long offset) {}

    private static final Comparator<Position> ORDER = Comparator.comparing(Position::version)
            .thenComparing(Position::offset)
            .thenComparing(Position::partition);

    private final Deque<Position> positions;
    private final RecordedEvents<Rollout> rollouts;
    private final Map<String, RecordedOutcome> outcomes = new HashMap<>();
    private final Map<String, List<Verdict>> verdicts = new HashMap<>();
    private final Map<String, Value> values = new HashMap<>();
    private final RewardRules rules;

    private UntrainedRollouts(Deque<Position> positions, RecordedEvents<Rollout> rollouts, RewardRules rules) {
        this.positions = positions;
        this.rollouts = rollouts;
        this.rules = rules;
    }

    /** No rollouts. */
    static UntrainedRollouts none(ReplaySource source, RewardRules rules) {
        return new UntrainedRollouts(
                new ArrayDeque<>(),
                new RecordedEvents<>(source.log().from(source.source().rollouts(), Map.of(), Map.of())),
                rules);
    }

    /**
     * Finds the rollouts.
     *
     * @param trained ids of the rollouts that its policy has trained on
     * @param groups whether the rollouts of a request of which others are trained are left to {@link GroupRemainders}
     * @param rules how recorded verdicts become rewards
     */
    static UntrainedRollouts of(ReplaySource recorded, Set<String> trained, boolean groups, RewardRules rules) {
        LogScan log = recorded.log();
        Topics source = recorded.source();
        Map<TopicPartition, Long> ends = recorded.all();
        Set<String> trainedRequests =
                groups ? trained.stream().map(RolloutIds::requestId).collect(Collectors.toSet()) : Set.of();
        List<Position> positions = new ArrayList<>();
        Set<String> found = new HashSet<>();
        Set<String> requests = new HashSet<>();
        log.read(source.rollouts(), ends, record -> {
            Rollout rollout = record.event();
            if (!trained.contains(rollout.getRolloutId()) && found.add(rollout.getRolloutId())) {
                int version = rollout.getPolicySegments().get(0).getPolicyVersion();
                if (!trainedRequests.contains(rollout.getRequestId())) {
                    positions.add(new Position(rollout.getRequestId(), version, record.partition(), record.offset()));
                }
                requests.add(rollout.getRequestId());
            }
        });
        sort(positions);
        Map<TopicPartition, Long> starts = new HashMap<>();
        positions.forEach(position -> starts.merge(
                new TopicPartition(source.rollouts().name(), position.partition()), position.offset(), Math::min));
        UntrainedRollouts untrained = new UntrainedRollouts(
                new ArrayDeque<>(positions), new RecordedEvents<>(log.from(source.rollouts(), starts, ends)), rules);
        if (!requests.isEmpty()) {
            untrained.readOutcomes(log, source, ends, requests);
            untrained.readRewards(log, source, ends);
        }
        return untrained;
    }

    private static void sort(List<Position> positions) {
        Map<String, Position> first = new HashMap<>();
        positions.forEach(position ->
                first.merge(position.requestId(), position, (a, b) -> ORDER.compare(a, b) <= 0 ? a : b));
        positions.sort(
                Comparator.comparing((Position position) -> requireNonNull(first.get(position.requestId())), ORDER)
                        .thenComparing(ORDER));
    }

    private void readOutcomes(LogScan log, Topics source, Map<TopicPartition, Long> ends, Set<String> requests) {
        log.read(source.values(), ends, requests::contains, record -> values.putIfAbsent(record.key(), record.event()));
        Map<String, String> reasons = new HashMap<>();
        log.read(source.expired(), ends, requests::contains, record -> {
            if (record.event().getRolloutId() != null) {
                reasons.put(
                        record.event().getRolloutId(),
                        record.event().getReason().toString());
            }
        });
        reasons.forEach((id, reason) -> outcomes.put(id, new RecordedOutcome(reason, null, null)));
        log.read(source.advantages(), ends, requests::contains, record -> {
            String id = record.event().getRollout().getRolloutId();
            outcomes.put(
                    id,
                    new RecordedOutcome(
                            reasons.getOrDefault(id, PENDING),
                            record.event().getVerdict().getStatus().toString(),
                            record.event().getReward()));
        });
    }

    /** Reads the rewards of evidence. */
    private void readRewards(LogScan log, Topics source, Map<TopicPartition, Long> ends) {
        Set<String> evidence = new HashSet<>();
        outcomes.forEach((id, outcome) -> {
            if (outcome.reason().equals(ExpiryReason.EVIDENCE.toString())) {
                evidence.add(id);
            }
        });
        if (evidence.isEmpty()) {
            return;
        }
        log.read(source.verdicts(), ends, record -> {
            if (evidence.contains(record.event().getRolloutId())
                    && !record.event().getShadow()) {
                verdicts.computeIfAbsent(record.event().getRolloutId(), key -> new ArrayList<>(1))
                        .add(record.event());
            }
        });
    }

    /**
     * Takes the next batch of rollouts that were sampled by a version or an earlier one, and whole requests of them; empty
     * after the last.
     */
    List<ReplayedRollout> takeUpTo(int version) {
        List<ReplayedRollout> subjects = new ArrayList<>();
        String request = "";
        while (!positions.isEmpty()
                && (positions.element().requestId().equals(request)
                        || (subjects.size() < BATCH && positions.element().version() <= version))) {
            Position position = positions.remove();
            request = position.requestId();
            Rollout rollout = rollouts.take(position.partition(), position.offset());
            if (rollout == null) {
                throw new LogException("a rollout was deleted from the source during the replay");
            }
            subjects.add(ReplayedRollout.untrained(rollout));
        }
        return subjects;
    }

    /** Skips the rollouts that were sampled by a version or an earlier one. */
    void skipUpTo(int version) {
        while (!positions.isEmpty() && positions.element().version() <= version) {
            positions.remove();
        }
    }

    /** The outcome of a rollout in the source. */
    RecordedOutcome outcome(Rollout rollout) {
        String rolloutId = rollout.getRolloutId();
        List<Verdict> opinions = verdicts.get(rolloutId);
        if (opinions != null) {
            Combination combination = rules.of(rollout.getDataset());
            return RecordedOutcome.evidence(ReplayJudge.Ruling.of(combination.outcome(opinions), combination.id()));
        }
        return outcomes.getOrDefault(rolloutId, new RecordedOutcome(PENDING, null, null));
    }

    /** The recorded value of a request; null if it was not scored. */
    @Nullable
    Value value(String requestId) {
        return values.get(requestId);
    }

    @Override
    public void close() {
        rollouts.close();
    }
}
