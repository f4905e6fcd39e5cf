package io.sppostream.history.replay;

import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.Combination;
import io.sppostream.advantage.RewardRules;
import io.sppostream.events.ExpiryReason;
import io.sppostream.events.Rollout;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.RolloutIds;
import io.sppostream.history.recorded.RecordedEvents;
import io.sppostream.history.replay.ReplayJudge.Ruling;
import io.sppostream.log.LogException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The rollouts that belong to a group of which the source's policy has trained others: those that expired as evidence,
 * with the rewards of their recorded verdicts, or, if verifiers judge again, all of them. Their ids and verdicts are held
 * in memory. Not thread-safe.
 */
final class GroupRemainders implements AutoCloseable {
    private record Position(int partition, long offset) {}

    private final RewardRules rules;
    private final boolean judgeAgain;

    /** By request, and there by id. */
    private final Map<String, Map<String, Position>> positions = new HashMap<>();

    private final Map<String, List<Verdict>> verdicts = new HashMap<>();
    private final RecordedEvents<Rollout> rollouts;

    private GroupRemainders(
            ReplaySource source, Set<String> trained, boolean judgeAgain, RewardRules rules, Set<String> evidence) {
        this.rules = rules;
        this.judgeAgain = judgeAgain;
        Set<String> requests = new HashSet<>();
        trained.forEach(id -> requests.add(RolloutIds.requestId(id)));
        if (judgeAgain || !evidence.isEmpty()) {
            source.log().read(source.source().rollouts(), source.all(), requests::contains, record -> {
                String id = record.event().getRolloutId();
                if (judgeAgain ? !trained.contains(id) : evidence.contains(id)) {
                    positions
                            .computeIfAbsent(record.event().getRequestId(), key -> new TreeMap<>())
                            .putIfAbsent(id, new Position(record.partition(), record.offset()));
                }
            });
        }
        if (!evidence.isEmpty()) {
            source.log().read(source.source().verdicts(), source.all(), positions::containsKey, record -> {
                String id = record.event().getRolloutId();
                if (evidence.contains(id) && !record.event().getShadow()) {
                    verdicts.computeIfAbsent(id, key -> new ArrayList<>(1)).add(record.event());
                }
            });
        }
        this.rollouts = new RecordedEvents<>(
                source.log().from(source.source().rollouts(), Map.of(), positions.isEmpty() ? Map.of() : source.all()),
                this::isOne);
    }

    private boolean isOne(Rollout rollout) {
        return positions.getOrDefault(rollout.getRequestId(), Map.of()).containsKey(rollout.getRolloutId());
    }

    /**
     * Finds them.
     *
     * @param trained ids of the rollouts that the policy of the source has trained on
     * @param rules how recorded verdicts become rewards
     */
    static GroupRemainders of(ReplaySource source, Set<String> trained, boolean judgeAgain, RewardRules rules) {
        Set<String> evidence = new HashSet<>();
        source.log().read(source.source().expired(), source.all(), record -> {
            String id = record.event().getRolloutId();
            if (id != null && record.event().getReason() == ExpiryReason.EVIDENCE) {
                evidence.add(id);
            }
        });
        return new GroupRemainders(source, trained, judgeAgain, rules, evidence);
    }

    /** Takes the rollouts of a request, in the order of their ids. */
    List<ReplayedRollout> take(String requestId) {
        List<ReplayedRollout> taken = new ArrayList<>();
        for (Position position : positions.getOrDefault(requestId, Map.of()).values()) {
            Rollout rollout = rollouts.take(position.partition(), position.offset());
            if (rollout == null) {
                throw new LogException("a rollout was deleted from the source during the replay");
            }
            boolean isRecorded = !judgeAgain || verdicts.containsKey(rollout.getRolloutId());
            taken.add(
                    isRecorded
                            ? new ReplayedRollout(rollout, null, ruling(rollout))
                            : ReplayedRollout.untrained(rollout));
        }
        positions.remove(requestId);
        return taken;
    }

    private Ruling ruling(Rollout rollout) {
        List<Verdict> recorded = requireNonNull(verdicts.getOrDefault(rollout.getRolloutId(), List.of()));
        Combination combination = rules.of(rollout.getDataset());
        return Ruling.of(combination.outcome(recorded), combination.id());
    }

    @Override
    public void close() {
        rollouts.close();
    }
}
