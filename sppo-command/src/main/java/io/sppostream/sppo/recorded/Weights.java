package io.sppostream.sppo.recorded;

import io.sppostream.log.Hashes;
import io.sppostream.log.WeightsPublisher;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.security.DigestOutputStream;
import java.security.MessageDigest;

/** The identity of weights. */
public final class Weights {
    private Weights() {}

    /** SHA-256 of what writes them, in hexadecimal. */
    public static String sha256(WeightsPublisher.Source weights) {
        MessageDigest digest = Hashes.sha256();
        try (WritableByteChannel channel =
                Channels.newChannel(new DigestOutputStream(OutputStream.nullOutputStream(), digest))) {
            weights.writeTo(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Hashes.hex(digest);
    }
}
