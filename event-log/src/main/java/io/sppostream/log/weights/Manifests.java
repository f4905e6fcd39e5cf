package io.sppostream.log.weights;

import io.sppostream.events.WeightsChunk;
import io.sppostream.events.WeightsEncoding;
import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.ModelKind;
import io.sppostream.events.catalogue.Topic;
import io.sppostream.events.catalogue.Topics;

/** Properties of a version that follow from its manifest. Stateless. */
public final class Manifests {
    private Manifests() {}

    /** Whether training can resume from the version: it is the start weights, or has the optimizer's state with it. */
    public static boolean isSnapshot(WeightsManifest manifest) {
        return manifest.getVersion() == 0 || manifest.getOptimizer() != null;
    }

    /** Whether the version can be read without others: its encoding is {@code FULL}. */
    static boolean isFull(WeightsManifest manifest) {
        return manifest.getEncoding() == WeightsEncoding.FULL;
    }

    /** The topic of the version's chunks. */
    static Topic<WeightsChunk> chunks(Topics topics, ModelKind kind, WeightsManifest manifest) {
        return manifest.getVersion() == 0 ? topics.startWeights(kind) : topics.weights(kind);
    }
}
