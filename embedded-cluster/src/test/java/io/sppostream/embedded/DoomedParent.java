package io.sppostream.embedded;

import java.nio.file.Path;
import java.util.stream.IntStream;

/** Starts a cluster, writes records, prints a line, and waits to be killed. */
final class DoomedParent {
    static final int RECORDS = 20;

    private DoomedParent() {}

    public static void main(String[] args) throws Exception {
        EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(Path.of(args[0])));
        EmbeddedClusterIT.createTopic(cluster);
        EmbeddedClusterIT.produce(cluster, IntStream.range(0, RECORDS).toArray());
        System.out.println("written");
        System.in.read();
    }
}
