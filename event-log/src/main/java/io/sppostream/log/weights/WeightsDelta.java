package io.sppostream.log.weights;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.sppostream.log.LogException;

/**
 * The difference of a piece of weights from the same piece of the version before, without loss. A step changes the low
 * bits of most weights and the sign and exponent of few: the XOR of the two is gathered by the place of a byte in its
 * word, so that the bytes which are mostly zero lie together, and compressed.
 */
final class WeightsDelta {
    private static final int WORD = Float.BYTES;

    /** Higher levels find next to nothing more in the low bits, which are noise. */
    private static final int LEVEL = 1;

    private WeightsDelta() {}

    /** What turns a piece into another of the same length. */
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
     * The piece that a difference makes of another.
     *
     * @throws LogException where the difference is damaged or that of a longer or shorter piece
     */
    static byte[] decode(byte[] from, byte[] delta) {
        byte[] planes = new byte[from.length];
        try {
            requireSameLength(from, (int) Zstd.decompress(planes, delta));
        } catch (ZstdException e) {
            throw new LogException("a difference of weights can't be decompressed: " + e.getMessage(), e);
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
            throw new LogException("a difference of weights is that of " + length + " bytes, not of " + from.length);
        }
    }
}
