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
 * @param notes what the user should know of its files, such as skipped rows; a line each
 * @param ordered whether every epoch has the order of the training problems; false if each is shuffled
 */
public record Dataset(String name, List<Problem> training, List<Problem> heldOut, List<String> notes, boolean ordered) {
    public Dataset {
        training = List.copyOf(training);
        heldOut = List.copyOf(heldOut);
        notes = List.copyOf(notes);
    }

    /** A shuffled dataset of which there is nothing to note. */
    public Dataset(String name, List<Problem> training, List<Problem> heldOut) {
        this(name, training, heldOut, List.of(), false);
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
        return new Dataset(name, ofTier, heldOut, notes, ordered);
    }
}
