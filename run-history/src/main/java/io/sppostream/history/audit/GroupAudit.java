package io.sppostream.history.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.sppostream.advantage.GroupCredits;
import io.sppostream.advantage.GroupCredits.Credited;
import io.sppostream.advantage.GroupCredits.Judged;
import io.sppostream.advantage.JoinSettings;
import io.sppostream.advantage.RewardOutcome.Rewarded;
import io.sppostream.estimator.AdvantageEstimator;
import io.sppostream.estimator.Group;
import io.sppostream.estimator.MissingInputException;
import io.sppostream.estimator.Needs;
import io.sppostream.events.AdvantageSegment;
import io.sppostream.events.RejectedRollout;
import io.sppostream.events.Rollout;
import io.sppostream.events.TrainingSample;
import io.sppostream.events.Value;
import io.sppostream.events.Verdict;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.events.catalogue.PromptRules;
import io.sppostream.log.EventCodec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Computes the credits of settled groups again, with the functions of the join: from the rollouts, verdicts and values on
 * the log. The group is what the join had: the credited rollouts, with the rewards of their samples, and those that
 * expired as evidence, with the rewards of their verdicts. Advantages are compared bit for bit.
 *
 * <p>Each of the methods that take records is called by one thread at a time.
 */
final class GroupAudit {
    /** What a group never holds. */
    private static final Set<String> UNUSED = Set.of("Rollout.messages", "Rollout.promptTokens", "Rollout.reference");

    /**
     * What is wrong with a group.
     *
     * @param rollout the one whose credit is wrong
     * @param what the violation, in words
     */
    record Violation(RolloutStatus rollout, String what) {}

    private final JoinSettings settings;
    private final EventCodec<Rollout> reduced;
    private final EventCodec<Rollout> rollouts = new EventCodec<>(Rollout.class);
    private final EventCodec<Verdict> verdicts = new EventCodec<>(Verdict.class);
    private final EventCodec<Value> valuesOut = new EventCodec<>(Value.class);
    private final EventCodec<Value> values = new EventCodec<>(Value.class);
    private long recomputed;

    /** @param settings those by which the join settled the groups */
    GroupAudit(JoinSettings settings) {
        this.settings = settings;
        Needs needs = settings.estimator().needs();
        Set<String> unused = new HashSet<>(UNUSED);
        if (!needs.logProbs()) {
            unused.add("Rollout.behaviourLogProbs");
        }
        if (!needs.tokenText()) {
            unused.add("Rollout.text");
        }
        this.reduced = new EventCodec<>(Rollout.class, unused);
    }

    /** What is kept of a rollout. */
    Fact.Recorded rollout(EncodedEvent record) {
        Rollout rollout = read(reduced, record.event().bytes(), record.event().from());
        return new Fact.Recorded(PromptRules.boundedId(rollout.getRolloutId()), reduced.write(rollout));
    }

    /** What is kept of a verdict. */
    static Fact.Opinion verdict(EncodedEvent record) {
        EncodedRecord event = record.event();
        return new Fact.Opinion(event.string("rolloutId"), Arrays.copyOfRange(event.bytes(), event.from(), event.to()));
    }

    /** What is kept of a sample. */
    Fact.Credited sample(TrainingSample sample) {
        return new Fact.Credited(
                sample.getRollout().getRolloutId(),
                sample.getEstimator(),
                sample.getReward(),
                sample.getGroupSamples(),
                digest(sample.getSegments(), sample.getRejected()),
                sample.getValue() == null ? new byte[0] : valuesOut.write(sample.getValue()));
    }

    private static <V extends SpecificRecord> V read(EventCodec<V> codec, byte[] bytes, int from) {
        try {
            return codec.read(bytes, from);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The first 64 bits of a SHA-256 over a credit. */
    private static long digest(List<AdvantageSegment> segments, List<RejectedRollout> rejected) {
        MessageDigest sha256 = Hashes.sha256();
        ByteBuffer segment = ByteBuffer.allocate(Integer.BYTES + Double.BYTES + 1);
        for (AdvantageSegment each : segments) {
            segment.clear()
                    .putInt(each.getEndToken())
                    .putDouble(each.getAdvantage())
                    .put((byte) (each.getTrained() ? 1 : 0));
            sha256.update(segment.array());
        }
        rejected.forEach(each -> sha256.update(each.toString().getBytes(UTF_8)));
        return ByteBuffer.wrap(sha256.digest()).getLong();
    }

    /** The violations of a request; none if its group cannot be computed again. */
    List<Violation> check(String requestId, List<RolloutStatus> all) {
        List<RolloutStatus> members = new ArrayList<>();
        for (RolloutStatus rollout : all) {
            boolean isMember = rollout.credited != null || rollout.evidence;
            boolean isOpen = !isMember && !rollout.expired && !rollout.rollouts.isEmpty();
            // A refused record may be the one that is kept here.
            if (isOpen || rollout.refused || (isMember && rollout.recorded == null)) {
                return List.of();
            }
            if (isMember) {
                members.add(rollout);
            }
        }
        List<Judged> judged = new ArrayList<>();
        Double promptValue = null;
        for (RolloutStatus member : members) {
            Rollout rollout = read(rollouts, requireNonNull(member.recorded), 0);
            Fact.Credited credited = member.credited;
            Double reward = credited == null ? reward(rollout, member) : (Double) credited.reward();
            if (reward == null) {
                return List.of();
            }
            Value value = credited == null || credited.value().length == 0 ? null : read(values, credited.value(), 0);
            promptValue = value == null ? promptValue : (Double) value.getProbability();
            judged.add(new Judged(rollout, reward, value == null ? null : value.getTokenValues()));
        }
        return members.isEmpty() ? List.of() : check(requestId, members, judged, promptValue);
    }

    /** The reward of evidence by its verdicts; null if they do not tell. */
    private @Nullable Double reward(Rollout rollout, RolloutStatus status) {
        List<Verdict> opinions = new ArrayList<>();
        for (byte[] each : status.opinions) {
            Verdict verdict = read(verdicts, each, 0);
            if (!verdict.getShadow()) {
                opinions.add(verdict);
            }
        }
        return settings.rewards().of(rollout.getDataset()).outcome(opinions) instanceof Rewarded rewarded
                ? rewarded.reward()
                : null;
    }

    private List<Violation> check(
            String requestId, List<RolloutStatus> members, List<Judged> judged, @Nullable Double promptValue) {
        AdvantageEstimator estimator = settings.estimator();
        recomputed++;
        Map<String, Credited> credits;
        try {
            Group group = GroupCredits.group(estimator.needs(), requestId, promptValue, judged);
            credits = GroupCredits.credit(estimator, group);
        } catch (MissingInputException | IllegalArgumentException e) {
            return List.of(new Violation(
                    members.get(0), estimator.name() + " cannot credit its group again: " + e.getMessage()));
        }
        List<Violation> violations = new ArrayList<>();
        for (RolloutStatus member : members) {
            String violation = violation(member, credits);
            if (violation != null) {
                violations.add(new Violation(member, violation));
            }
        }
        return violations;
    }

    private @Nullable String violation(RolloutStatus member, Map<String, Credited> credits) {
        String name = settings.estimator().name();
        Credited expected = credits.get(member.rolloutId);
        Fact.Credited found = member.credited;
        if (found == null) {
            return expected == null ? null : "it expired as evidence, and " + name + " credits it in its group";
        }
        if (!found.estimator().equals(name)) {
            return "its advantages are those of '" + found.estimator() + "', and the run has '" + name + "'";
        }
        if (expected == null) {
            return name + " gives it no credit in its group";
        }
        if (digest(expected.segments(), expected.rejected()) != found.credit()) {
            return "its advantages are not those that " + name + " computes for its group";
        }
        return found.groupSamples() == 1 || found.groupSamples() == credits.size()
                ? null
                : "it says that its group has " + found.groupSamples() + " samples, and " + name + " credits "
                        + credits.size();
    }

    /** How many groups were computed again. */
    long recomputed() {
        return recomputed;
    }
}
