package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;

/**
 * The result of a command that ran in this process.
 *
 * @param code its exit code
 * @param out its standard output
 * @param err its standard error
 */
public record Invocation(int code, String out, String err) {

    public static Invocation of(String... arguments) {
        return reading("", arguments);
    }

    /** Runs a command with a text on standard input. */
    static Invocation reading(String in, String... arguments) {
        InputStream realIn = System.in;
        PrintStream realOut = System.out;
        PrintStream realErr = System.err;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        System.setIn(new ByteArrayInputStream(in.getBytes(UTF_8)));
        System.setOut(new PrintStream(out, true, UTF_8));
        System.setErr(new PrintStream(err, true, UTF_8));
        try {
            int code = Main.run(arguments);
            return new Invocation(code, out.toString(UTF_8), err.toString(UTF_8));
        } finally {
            System.setIn(realIn);
            System.setOut(realOut);
            System.setErr(realErr);
        }
    }

    /** Asserts that the command failed with one line of explanation and left no process behind. */
    public void assertRefused(String... reasons) {
        assertRefusedButForTheBroker(reasons);
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .isEmpty();
    }

    /** The same, for a test that has a broker of its own. */
    public void assertRefusedButForTheBroker(String... reasons) {
        assertThat(code).as(err).isNotZero();
        assertThat(err.lines()).hasSize(1);
        assertThat(err).startsWith("sppo: ").contains(reasons).doesNotContain("Exception", "internal error");
    }
}
