package io.sppostream.history.audit;

import io.sppostream.events.WeightsManifest;
import io.sppostream.events.catalogue.Hashes;
import io.sppostream.log.LogException;
import io.sppostream.log.RunLog;
import io.sppostream.log.weights.WeightsFollower;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.security.MessageDigest;
import java.util.List;

/**
 * Whether the bytes of a line's versions have the SHA-256 that their manifests name. Versions whose bytes have left the
 * log, as newer snapshots took their place, are counted.
 */
final class WeightsAudit implements Runnable {
    private static final int BUFFER = 512 << 10;

    private final RunLog runLog;
    private final Versions versions;
    private final Check check = check();
    private long count;
    private long retired;
    private long bytes;

    WeightsAudit(RunLog runLog, Versions versions) {
        this.runLog = runLog;
        this.versions = versions;
    }

    @Override
    public void run() {
        try (WeightsFollower follower = new WeightsFollower(runLog, versions.kind())) {
            for (WeightsManifest manifest : versions.manifests()) {
                String wrong = fetch(follower, manifest);
                check.require(
                        wrong.isEmpty(),
                        () -> new Difference(
                                manifest.getStep(),
                                Difference.place(
                                        runLog.topics().weights(versions.kind()).name(),
                                        0,
                                        manifest.getFirstChunkOffset()),
                                wrong));
            }
        }
    }

    /** What is wrong with a version's bytes; empty where nothing is. */
    private String fetch(WeightsFollower follower, WeightsManifest manifest) {
        MessageDigest digest = Hashes.sha256();
        try {
            if (!follower.fetch(manifest, channel -> drain(channel, digest))) {
                retired++;
                return "";
            }
        } catch (LogException e) {
            return String.valueOf(e.getMessage());
        }
        count++;
        String sha256 = Hashes.hex(digest);
        return sha256.equals(manifest.getSha256())
                ? ""
                : "version " + manifest.getVersion() + " has bytes of SHA-256 " + Versions.brief(sha256)
                        + ", its manifest names " + Versions.brief(manifest.getSha256());
    }

    private void drain(ReadableByteChannel channel, MessageDigest digest) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        while (channel.read(buffer) >= 0) {
            buffer.flip();
            bytes += buffer.remaining();
            digest.update(buffer);
            buffer.clear();
        }
    }

    private static Check check() {
        return new Check("weights", "each with the SHA-256 of its manifest");
    }

    /** One check of all lines. */
    static Check conclude(List<WeightsAudit> lines) {
        Check all = check();
        lines.forEach(line -> all.add(line.check));
        all.sumUp(
                "%,d versions on the log, %,d older than the snapshots kept; %,d MB",
                lines.stream().mapToLong(line -> line.count).sum(),
                lines.stream().mapToLong(line -> line.retired).sum(),
                lines.stream().mapToLong(line -> line.bytes).sum() / 1_000_000);
        return all;
    }
}
