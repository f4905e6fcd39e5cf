package io.sppostream.evaluation;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.events.catalogue.Hashes;
import io.sppostream.feed.data.Problem;
import java.security.MessageDigest;
import java.util.List;

/**
 * Problems to evaluate on.
 *
 * @param name names it in seeds, results and verifier settings
 * @param source the file of the problems, or {@code built-in}
 * @param problems in the order of the file
 * @param notes what the user should know of the file, such as skipped rows; a line each
 */
public record Benchmark(String name, String source, List<Problem> problems, List<String> notes) {
    /** The source of problems that are not in a file. */
    public static final String BUILT_IN = "built-in";

    public Benchmark {
        problems = List.copyOf(problems);
        notes = List.copyOf(notes);
    }

    /** The first problems only. */
    public Benchmark limit(int most) {
        return new Benchmark(name, source, problems.subList(0, Math.min(most, problems.size())), notes);
    }

    /** SHA-256 of all that is asked: the ids, messages and references of the problems, in their order. */
    public String digest() {
        MessageDigest digest = Hashes.sha256();
        for (Problem problem : problems) {
            digest.update((problem.id() + "\0" + problem.reference() + "\0").getBytes(UTF_8));
            problem.messages()
                    .forEach(message ->
                            digest.update((message.getRole() + "\0" + message.getContent() + "\0").getBytes(UTF_8)));
        }
        return Hashes.hex(digest);
    }
}
