package io.sppostream.log;

import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;

/** What follows from a version's manifest. */
public final class Manifests {
    private Manifests() {}

    /** Whether training can go on from the version alone: the start weights, and those with the optimizer's state. */
    public static boolean isSnapshot(WeightsManifest manifest) {
        return manifest.getVersion() == 0 || manifest.getOptimizer() != null;
    }

    /** Whether the version can be read without others. */
    static boolean isWhole(WeightsManifest manifest) {
        return manifest.getEncoding() == WeightsEncoding.FULL;
    }

    /** Where the version's chunks lie. */
    static Topic<WeightsChunk> chunks(Topics topics, WeightLine line, WeightsManifest manifest) {
        return manifest.getVersion() == 0 ? topics.startWeights(line) : topics.weights(line);
    }
}
