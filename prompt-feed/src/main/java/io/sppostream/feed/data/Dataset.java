package io.sppostream.feed.data;

import io.sppostream.log.UserException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Problems to train on, and held-out problems to test with. Immutable.
 *
 * @param name name of the dataset, by which verifiers are chosen
 * @param training training problems; one that is listed twice is asked twice as often
 * @param heldOut problems for evaluation, not among the training problems unless the dataset says so
 */
public record Dataset(String name, List<Problem> training, List<Problem> heldOut) {
    public Dataset {
        training = List.copyOf(training);
        heldOut = List.copyOf(heldOut);
    }

    /**
     * This dataset with the training problems of one tier, and all held-out problems.
     *
     * @throws UserException if no training problem is in the tier; the message lists the tiers
     */
    public Dataset trainingOn(String tier) {
        List<Problem> ofTier =
                training.stream().filter(problem -> problem.tier().equals(tier)).toList();
        if (ofTier.isEmpty()) {
            String tiers = training.stream()
                    .map(Problem::tier)
                    .filter(name -> !name.isEmpty())
                    .distinct()
                    .collect(Collectors.joining(", "));
            throw new UserException("dataset " + name + " has no tier '" + tier + "'; "
                    + (tiers.isEmpty() ? "it has no tiers" : "it has " + tiers));
        }
        return new Dataset(name, ofTier, heldOut);
    }
}
