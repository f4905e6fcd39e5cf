package io.sppostream.log.weights;

import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;

/** What follows from a version's manifest. */
public final class Manifests {
    private Manifests() {}

    /** Whether training can go on from the version alone: the start weights, and those with the optimizer's state. */
    public static boolean isSnapshot(WeightsManifest manifest) {
        return manifest.getVersion() == 0 || manifest.getOptimizer() != null;
    }

    /** Whether the version can be read without others. */
    static boolean isFull(WeightsManifest manifest) {
        return manifest.getEncoding() == WeightsEncoding.FULL;
    }

    /** Where the version's chunks lie. */
    static Topic<WeightsChunk> chunks(Topics topics, ModelKind kind, WeightsManifest manifest) {
        return manifest.getVersion() == 0 ? topics.startWeights(kind) : topics.weights(kind);
    }
}
