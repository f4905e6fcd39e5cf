package io.sppostream.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupInstanceTest {
    private static final String GROUP = "run.rollout-producer";

    @TempDir
    Path directory;

    @Test
    void shouldBeTheSameAfterARestart() {
        String before = take();
        assertThat(before).startsWith(GROUP + "-").hasSizeLessThan(250).matches("[a-zA-Z0-9._-]+");
        assertThat(take()).isEqualTo(before);
    }

    private String take() {
        try (GroupInstance instance = GroupInstance.take(directory, GROUP)) {
            return instance.id();
        }
    }

    @Test
    void shouldDifferWhenOthersAreAtWork() {
        try (GroupInstance first = GroupInstance.take(directory, GROUP);
                GroupInstance second = GroupInstance.take(directory, GROUP);
                GroupInstance other = GroupInstance.take(directory, "run.reward-verifier");
                GroupInstance elsewhere = GroupInstance.take(directory.resolve("elsewhere"), GROUP)) {
            assertThat(List.of(first.id(), second.id(), other.id(), elsewhere.id()))
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void shouldStayHeldWhenOthersHaveTriedToTakeIt() throws Exception {
        try (GroupInstance first = GroupInstance.take(directory, GROUP)) {
            GroupInstance.take(directory, GROUP).close();
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin/java").toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            GroupInstanceTest.class.getName(),
                            directory.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
                    .isNotEqualTo(first.id())
                    .startsWith(GROUP);
        }
    }

    /** The other process of the test above. */
    public static void main(String[] arguments) {
        System.out.print(GroupInstance.take(Path.of(arguments[0]), GROUP).id());
    }

    @Test
    void shouldSayWhatToDoWhenAFileIsInTheWay() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> GroupInstance.take(file, GROUP))
                .isInstanceOf(LogException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("--data-dir");
    }
}
