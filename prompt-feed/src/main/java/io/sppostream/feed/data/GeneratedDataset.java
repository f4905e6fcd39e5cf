package io.sppostream.feed.data;

import io.sppostream.events.catalogue.Hashes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;

/**
 * Datasets that a generator draws. The split depends on a problem's id alone: a tenth of all problems, chosen by the hash
 * of the id, is never trained on, whatever the seed and the sizes. The tiers of difficulty have equal shares of both parts.
 */
final class GeneratedDataset {
    /** A tenth of all hashes are below it: 26 of 256. */
    private static final String HELD_OUT_BELOW = "1a";

    private GeneratedDataset() {}

    /**
     * Draws distinct problems.
     *
     * @param seed of the generator; the same seed makes the same dataset
     * @param training training problems in each tier
     * @param heldOut held-out problems in each tier
     * @param tiers a generator for each tier, which draws from a practically unlimited number of problems with distinct ids
     */
    static Dataset of(String name, long seed, int training, int heldOut, List<Function<Random, Problem>> tiers) {
        List<List<Problem>> trained = new ArrayList<>();
        List<List<Problem>> tested = new ArrayList<>();
        for (int tier = 0; tier < tiers.size(); tier++) {
            Random random = new Random(seed * 1_000_003 + tier);
            List<Problem> forTraining = new ArrayList<>(training);
            List<Problem> forTests = new ArrayList<>(heldOut);
            Set<String> seen = new HashSet<>();
            while (forTraining.size() < training || forTests.size() < heldOut) {
                Problem problem = tiers.get(tier).apply(random);
                boolean test = isHeldOut(problem);
                List<Problem> part = test ? forTests : forTraining;
                if (part.size() < (test ? heldOut : training) && seen.add(problem.id())) {
                    part.add(problem);
                }
            }
            trained.add(forTraining);
            tested.add(forTests);
        }
        return new Dataset(name, interleaved(trained), interleaved(tested));
    }

    /** Whether a problem is never trained on. */
    static boolean isHeldOut(Problem problem) {
        return Hashes.sha256(problem.id()).compareTo(HELD_OUT_BELOW) < 0;
    }

    /** Takes turns between lists of equal size, so that any first part of the result has equal shares of them. */
    private static List<Problem> interleaved(List<List<Problem>> lists) {
        List<Problem> all = new ArrayList<>();
        for (int i = 0; i < lists.get(0).size(); i++) {
            for (List<Problem> list : lists) {
                all.add(list.get(i));
            }
        }
        return all;
    }
}
