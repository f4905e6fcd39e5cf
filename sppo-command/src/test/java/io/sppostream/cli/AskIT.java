package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sppostream.embedded.EmbeddedCluster;
import io.sppostream.embedded.EmbeddedSettings;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.KafkaSettings;
import io.sppostream.log.RunLog;
import io.sppostream.run.Role;
import io.sppostream.run.RunRecord;
import io.sppostream.run.Service;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.report.Screen;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts from outside for a run that {@code up} has started: by the command, and by the examples of docs/prompts.md. */
class AskIT {
    private static final Path JAVA_EXAMPLE = Path.of("../examples/prompt-java/PublishPrompts.java");
    private static final Path PYTHON_EXAMPLE = Path.of("../examples/prompt-python/publish.py");
    private static final String PYTHON = System.getProperty("example.python", "python3");
    private static final String PROMPTS = "03+04=\t7\n10+20=\t30\n01+01=\t2\n05+05=\t10\n02+07=\t9\n04+04=\t8\n";

    @TempDir
    private Path directory = Path.of("");

    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final AtomicBoolean stop = new AtomicBoolean();
    private CompletableFuture<Void> up = CompletableFuture.completedFuture(null);

    private void startRun() {
        Map<String, String> flags = Map.of("run", "asked", "batch.size", "4", "data.dir", data());
        Configuration configuration = Configuration.load(null, Map.of(), flags);
        Set<Role> roles = EnumSet.copyOf(Role.of(configuration.settings()));
        roles.remove(Role.FEED);
        Service service =
                Service.beginning(configuration, roles, Screen.plain(new PrintStream(shown, true, UTF_8)), stop::get);
        up = CompletableFuture.runAsync(
                () -> {
                    try {
                        service.run();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                task -> new Thread(task, "up").start());
        awaitShown("running: bootstrap servers");
    }

    @AfterEach
    void stopRun() {
        stop.set(true);
        up.join();
    }

    private String data() {
        return directory.resolve("data").toString();
    }

    private void awaitShown(String text) {
        await().atMost(Duration.ofMinutes(2)).until(() -> {
            assertThat(up).isNotCompletedExceptionally();
            return shown.toString(UTF_8).contains(text);
        });
    }

    private Invocation ask(String... more) {
        List<String> command = new ArrayList<>(List.of("ask", "--run=asked", "--data-dir=" + data()));
        command.addAll(List.of(more));
        return Invocation.of(command.toArray(String[]::new));
    }

    @Test
    void shouldShowWhatBecomesOfPromptsFromOutside() throws Exception {
        startRun();
        Invocation one = ask("--reference=7", "03+04=");
        assertThat(one.code()).as(one.err()).isZero();
        assertThat(one.out())
                .containsPattern("request ask-[0-9a-f-]+ to run asked, for policy version 0 or later")
                .containsPattern("rollout +ask-[0-9a-f-]+/0  \"[0-9]*\" \\([0-9]+ tokens, [A-Z]+, policy version 0\\)")
                .containsPattern("verdict +ask-[0-9a-f-]+/0  (IN)?CORRECT of exact: [a-z-]+, reward [01]\\.0")
                .containsPattern("advantage +ask-[0-9a-f-]+/0  [+-][01]\\.\\d{3} = reward [01]\\.000 - value 0\\.500")
                .contains("is trained on with the next full batch of 4 rollouts");

        Invocation several = ask("--samples=3", "--reference=9", "04+05=");
        assertThat(several.code()).as(several.err()).isZero();
        assertThat(several.out().lines().filter(line -> line.startsWith("advantage")))
                .hasSize(3);
        awaitShown("prompts 2 | rollouts 4 | verdicts 4 | trained 4 | expired 0 | pending 0 | step 1");

        publishInJava();
        awaitShown("trained 8 | expired 0 | pending 2 | step 2");
        if (publishInPython()) {
            awaitShown("trained 16 | expired 0 | pending 0 | step 4");
        }
    }

    /** Six prompts, at most four under way: the last two wait for the step of the first four. */
    private void publishInJava() throws Exception {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, UTF_8)) {
            List<String> options = List.of("-Xlint:all,-path", "-Werror", "-proc:none", "-d", classes.toString());
            assertThat(compiler.getTask(null, files, null, options, null, files.getJavaFileObjects(JAVA_EXAMPLE))
                            .call())
                    .as("%s compiles", JAVA_EXAMPLE)
                    .isTrue();
        }
        var in = System.in;
        System.setIn(new ByteArrayInputStream(PROMPTS.getBytes(UTF_8)));
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()}, AskIT.class.getClassLoader())) {
            loader.loadClass("com.example.PublishPrompts")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[] {"asked", clientProperties(), "4"});
        } finally {
            System.setIn(in);
        }
    }

    /** Returns whether Python has the modules that the example needs. */
    private boolean publishInPython() throws Exception {
        try {
            Process probe = new ProcessBuilder(PYTHON, "-c", "import confluent_kafka, fastavro").start();
            if (!probe.waitFor(30, TimeUnit.SECONDS) || probe.exitValue() != 0) {
                return false;
            }
        } catch (IOException e) {
            return false;
        }
        Path input = Files.writeString(directory.resolve("prompts.tsv"), PROMPTS);
        Path log = directory.resolve("publish.log");
        Process publisher = new ProcessBuilder(
                        PYTHON, PYTHON_EXAMPLE.toString(), "--run=asked", "--config=" + clientProperties(), "--most=4")
                .redirectInput(input.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(publisher.waitFor(60, TimeUnit.SECONDS)).as("ended in time").isTrue();
        assertThat(publisher.exitValue()).as(Files.readString(log)).isZero();
        return true;
    }

    private String clientProperties() {
        return Path.of(data()).resolve("client.properties").toString();
    }

    @Test
    void shouldTellWhenNothingAnswersInTime() {
        Path idle = directory.resolve("idle");
        Map<String, String> flags = Map.of("run", "idle", "data.dir", idle.toString());
        Configuration configuration = Configuration.load(null, Map.of(), flags);
        try (EmbeddedCluster cluster = EmbeddedCluster.start(new EmbeddedSettings(idle));
                EventSerdes serdes = new EventSerdes(configuration.kafka(cluster.kafka()))) {
            KafkaSettings kafka = configuration.kafka(cluster.kafka());
            RunRecord.start(
                    configuration,
                    Map.of(),
                    new RunLog(kafka, serdes, configuration.settings().topics()),
                    Clock.systemUTC());

            Invocation.of("ask", "--run=idle", "--data-dir=" + idle, "--timeout=1", "03+04=")
                    .assertRefusedButForTheBroker("1 of 1 rollouts not settled after 1 s", "./sppo inspect ask-");
        }
    }
}
