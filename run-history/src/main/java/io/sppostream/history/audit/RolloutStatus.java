package io.sppostream.history.audit;

import io.sppostream.events.catalogue.ModelKind;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The facts of one rollout. Not thread-safe. */
final class RolloutStatus {
    final String rolloutId;
    final List<Fact.Sampled> samples = new ArrayList<>(1);
    final List<Fact.Trained> trained = new ArrayList<>(2);

    /** Digests of its records. */
    final List<Long> rollouts = new ArrayList<>(1);

    final List<Long> verdicts = new ArrayList<>(1);

    /** What its group needs: the first of its records, and the first of its samples; null if nobody asks. */
    byte @Nullable [] recorded;

    Fact.@Nullable Credited credited;
    final List<byte[]> opinions = new ArrayList<>(1);

    boolean expired;

    /** Whether it has expired as evidence for others of its group. */
    boolean evidence;

    /** Whether the advantage stream refused a rollout record with its id as invalid. */
    boolean refused;

    RolloutStatus(String rolloutId) {
        this.rolloutId = rolloutId;
    }

    void take(Fact.OfRollout fact) {
        if (fact instanceof Fact.Answered answered) {
            rollouts.add(answered.digest());
        } else if (fact instanceof Fact.Judged judged) {
            verdicts.add(judged.digest());
        } else if (fact instanceof Fact.Recorded of) {
            recorded = recorded == null ? of.rollout() : recorded;
        } else if (fact instanceof Fact.Opinion opinion) {
            opinions.add(opinion.verdict());
        } else if (fact instanceof Fact.Credited of) {
            credited = credited == null ? of : credited;
        } else if (fact instanceof Fact.RolloutExpired) {
            expired = true;
        } else if (fact instanceof Fact.RolloutEvidence) {
            expired = true;
            evidence = true;
        } else if (fact instanceof Fact.RolloutRefused) {
            refused = true;
        } else if (fact instanceof Fact.Sampled sampled) {
            samples.add(sampled);
        } else if (fact instanceof Fact.Trained entry) {
            trained.add(entry);
        }
    }

    /** The last step in which the policy or the critic trained on it; 0 if it has not. */
    int step(ModelKind kind) {
        int step = 0;
        for (Fact.Trained entry : trained) {
            step = entry.kind() == kind ? entry.step() : step;
        }
        return step;
    }

    /** Whether any record but a verdict or a value names it. Other programs may write those for unknown rollouts. */
    boolean isRollout() {
        return !rollouts.isEmpty() || expired || refused || !samples.isEmpty() || !trained.isEmpty();
    }
}
