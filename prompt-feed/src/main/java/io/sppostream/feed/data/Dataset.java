package io.sppostream.feed.data;

import java.util.List;

/**
 * Problems to train on and problems to test with, which have none in common.
 *
 * @param name chooses the verifier
 * @param training the problems to train on; one that stands twice is asked twice as often
 * @param heldOut the problems to test with
 */
public record Dataset(String name, List<Problem> training, List<Problem> heldOut) {
    public Dataset {
        training = List.copyOf(training);
        heldOut = List.copyOf(heldOut);
    }
}
