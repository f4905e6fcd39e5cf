package io.sppostream.feed.data;

import java.util.List;

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
}
