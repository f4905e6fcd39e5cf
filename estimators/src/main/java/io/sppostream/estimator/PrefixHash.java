package io.sppostream.estimator;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Ids of follow-ups: the first 64 bits of a SHA-256 over the tokens of a prefix and how to continue them. The tokens of
 * a rollout are hashed once for all its prefixes, as there may be hundreds of a response of thousands of tokens.
 */
final class PrefixHash {
    private static final int BYTES = 8;

    private final Group group;
    private final MessageDigest tokens = sha256();

    PrefixHash(Group group) {
        this.group = group;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Adds the tokens between the end of the prompt and the first token of a rollout. */
    void addPrefixOf(GroupRollout rollout) {
        String parentId = rollout.origin().parent();
        if (parentId != null) {
            GroupRollout parent = group.rollout(parentId);
            addPrefixOf(parent);
            add(
                    parent.tokens(),
                    0,
                    rollout.origin().prefixTokens() - parent.origin().prefixTokens());
        }
    }

    /** Adds the tokens from an index up to another one, which is exclusive. */
    void add(int[] ids, int from, int to) {
        ByteBuffer bytes = ByteBuffer.allocate((to - from) * Integer.BYTES);
        bytes.asIntBuffer().put(ids, from, to - from);
        tokens.update(bytes);
    }

    /** The id of the request that continues the tokens added so far. */
    String id(int prefixTokens, Purpose purpose, int completions, Sampling sampling) {
        MessageDigest digest = copy();
        String continuation =
                prefixTokens + " " + purpose + " " + completions + " " + sampling.greedy() + " " + sampling.maxTokens();
        digest.update(continuation.getBytes(UTF_8));
        return group.id() + "~" + HexFormat.of().formatHex(digest.digest(), 0, BYTES);
    }

    private MessageDigest copy() {
        try {
            return (MessageDigest) tokens.clone();
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the SHA-256 of this Java cannot be copied", e);
        }
    }
}
