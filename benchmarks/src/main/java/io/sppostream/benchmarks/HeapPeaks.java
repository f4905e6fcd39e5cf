package io.sppostream.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How full a heap was at most, in MB, from a log of collections ({@code -Xlog:gc:file=}).
 *
 * @param full before a collection, garbage included
 * @param live after a collection: an upper bound of what was in use, since most collections are of the young generation
 */
record HeapPeaks(int full, int live) {
    private static final Pattern COLLECTION = Pattern.compile("(\\d+)M->(\\d+)M\\(");

    static HeapPeaks of(Path collections) throws IOException {
        int full = 0;
        int live = 0;
        for (String line : Files.readAllLines(collections)) {
            Matcher matcher = COLLECTION.matcher(line);
            if (matcher.find()) {
                full = Math.max(full, Integer.parseInt(matcher.group(1)));
                live = Math.max(live, Integer.parseInt(matcher.group(2)));
            }
        }
        return new HeapPeaks(full, live);
    }
}
