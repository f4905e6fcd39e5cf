package io.sppostream.log.weights;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.sppostream.log.LogException;

/**
 * Lossless delta encoding of a piece of weights against the same piece of the previous version. A step changes the low
 * bits of most weights, and the sign and exponent of few. The XOR of the two pieces is therefore split into planes, one
 * for each byte of a 32-bit word, so that mostly zero bytes lie together, and then compressed with zstd. Stateless.
 */
final class WeightsDelta {
    private static final int WORD = Float.BYTES;

    /** Higher levels compress hardly better, since the low bits are noise. */
    private static final int LEVEL = 1;

    private WeightsDelta() {}

    /** The delta that turns a piece into another of the same length. */
    static byte[] encode(byte[] from, byte[] to) {
        requireSameLength(from, to.length);
        byte[] planes = new byte[to.length];
        int words = to.length / WORD;
        for (int plane = 0; plane < WORD; plane++) {
            for (int word = 0, at = plane; word < words; word++, at += WORD) {
                planes[plane * words + word] = (byte) (from[at] ^ to[at]);
            }
        }
        for (int at = words * WORD; at < to.length; at++) {
            planes[at] = (byte) (from[at] ^ to[at]);
        }
        return Zstd.compress(planes, LEVEL);
    }

    /**
     * Applies a delta to a piece.
     *
     * @throws LogException if the delta is damaged, or was made of a piece of another length
     */
    static byte[] decode(byte[] from, byte[] delta) {
        byte[] planes = new byte[from.length];
        try {
            requireSameLength(from, (int) Zstd.decompress(planes, delta));
        } catch (ZstdException e) {
            throw new LogException("a delta of weights can't be decompressed: " + e.getMessage(), e);
        }
        byte[] to = new byte[from.length];
        int words = from.length / WORD;
        for (int plane = 0; plane < WORD; plane++) {
            for (int word = 0, at = plane; word < words; word++, at += WORD) {
                to[at] = (byte) (from[at] ^ planes[plane * words + word]);
            }
        }
        for (int at = words * WORD; at < to.length; at++) {
            to[at] = (byte) (from[at] ^ planes[at]);
        }
        return to;
    }

    private static void requireSameLength(byte[] from, int length) {
        if (from.length != length) {
            throw new LogException("a delta of weights is for " + length + " bytes, not for " + from.length);
        }
    }
}
