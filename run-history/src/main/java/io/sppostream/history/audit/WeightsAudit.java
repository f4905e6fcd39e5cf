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
 * Checks that the bytes of each version have the SHA-256 of its manifest. Counts the versions whose bytes have been deleted
 * from the log because newer snapshots replace them.
 */
final class WeightsAudit implements Runnable {
    private static final int BUFFER = 512 << 10;

    private final RunLog runLog;
    private final VersionAudit versions;
    private final Check check = check();
    private long count;
    private long deleted;
    private long bytes;

    WeightsAudit(RunLog runLog, VersionAudit versions) {
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
                        () -> new Finding(
                                manifest.getStep(),
                                Finding.place(
                                        runLog.topics().weights(versions.kind()).name(),
                                        0,
                                        manifest.getFirstChunkOffset()),
                                wrong));
            }
        }
    }

    /** Reads a version; returns what is wrong with its bytes, empty if nothing is. */
    private String fetch(WeightsFollower follower, WeightsManifest manifest) {
        MessageDigest digest = Hashes.sha256();
        try {
            if (!follower.fetch(manifest, channel -> drain(channel, digest))) {
                deleted++;
                return "";
            }
        } catch (LogException e) {
            return String.valueOf(e.getMessage());
        }
        count++;
        String sha256 = Hashes.hex(digest);
        return sha256.equals(manifest.getSha256())
                ? ""
                : "version " + manifest.getVersion() + " has bytes with SHA-256 " + VersionAudit.brief(sha256)
                        + ", its manifest names " + VersionAudit.brief(manifest.getSha256());
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

    /** The check of all models together. */
    static Check conclude(List<WeightsAudit> audits) {
        Check all = check();
        audits.forEach(audit -> all.add(audit.check));
        all.summarize(
                "%,d versions on the log, %,d older than the snapshots kept; %,d MB",
                audits.stream().mapToLong(audit -> audit.count).sum(),
                audits.stream().mapToLong(audit -> audit.deleted).sum(),
                audits.stream().mapToLong(audit -> audit.bytes).sum() / 1_000_000);
        return all;
    }
}
