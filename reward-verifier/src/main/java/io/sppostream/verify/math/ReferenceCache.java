package io.sppostream.verify.math;

import io.sppostream.verify.math.read.AnswerExtractor;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/** Parsed references by their text. Every response to a prompt needs the same one. Thread-safe. */
final class ReferenceCache {
    private static final int MAX_ENTRIES = 20_000;

    private final ConcurrentMap<String, ParsedAnswer> byText = new ConcurrentHashMap<>();

    /** The parsed reference; parsed now if it is not in the cache. */
    ParsedAnswer parsed(String text) {
        ParsedAnswer known = byText.get(text);
        if (known != null) {
            return known;
        }
        ParsedAnswer parsed = ParsedAnswer.of(text);
        // Clearing the whole cache bounds it without any bookkeeping on reads.
        if (byText.size() >= MAX_ENTRIES) {
            byText.clear();
        }
        if (text.length() <= AnswerExtractor.MAX_ANSWER) {
            byText.put(text, parsed);
        }
        return parsed;
    }
}
