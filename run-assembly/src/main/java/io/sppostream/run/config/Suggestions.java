package io.sppostream.run.config;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.text.similarity.DamerauLevenshteinDistance;

/** Suggests the names that a misspelt one may stand for. */
final class Suggestions {
    private static final int LETTERS_PER_MISTAKE = 4;
    private static final int AT_MOST = 3;

    private Suggestions() {}

    /**
     * The question to append to an error message, with a leading semicolon. It names the nearest known names, if there
     * are any within one mistake per four letters; else those that contain the given one as a part between dots.
     *
     * @return an empty string if nothing is close
     */
    static String question(String name, Collection<String> known) {
        return asked(near(name, known));
    }

    static String asked(List<String> near) {
        return near.isEmpty() ? "" : "; did you mean '" + String.join("' or '", near) + "'?";
    }

    /** The names themselves, at most three. */
    static List<String> near(String name, Collection<String> known) {
        int limit = Math.max(1, name.length() / LETTERS_PER_MISTAKE);
        DamerauLevenshteinDistance within = new DamerauLevenshteinDistance(limit);
        TreeMap<Integer, List<String>> byDistance = new TreeMap<>();
        for (String candidate : known) {
            int distance = within.apply(name, candidate);
            if (distance >= 0) { // -1: farther than the limit
                byDistance.merge(distance, List.of(candidate), Suggestions::joined);
            }
        }
        Map.Entry<Integer, List<String>> nearest = byDistance.firstEntry();
        List<String> near = nearest != null
                ? nearest.getValue()
                : known.stream()
                        .filter(candidate -> ("." + candidate + ".").contains("." + name + "."))
                        .toList();
        return near.stream().sorted().limit(AT_MOST).toList();
    }

    private static List<String> joined(List<String> one, List<String> other) {
        return Stream.concat(one.stream(), other.stream()).toList();
    }
}
