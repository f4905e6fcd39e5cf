package io.sppostream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sppostream.embedded.DeletedTopics;
import io.sppostream.history.delete.RunContents;
import io.sppostream.history.delete.RunDeletion;
import io.sppostream.log.EventSerdes;
import io.sppostream.log.RunLog;
import io.sppostream.log.UserException;
import io.sppostream.run.Cluster;
import io.sppostream.run.config.Configuration;
import io.sppostream.run.config.RunSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code ./sppo delete}: a run that is no longer wanted, with all that belongs to it. */
@Command(
        name = "delete",
        description = "Delete a run: its topics, consumer groups, schemas, local state, summary and figure.",
        mixinStandardHelpOptions = true)
final class DeleteCommand implements Callable<Integer> {
    @Option(names = "--run", paramLabel = "NAME", required = true, description = "Name of the run.")
    private String run = "";

    @Option(names = "--yes", description = "Do not ask for confirmation.")
    private boolean yes;

    @Option(names = "--runs-dir", paramLabel = "DIR", description = "Folder that has the run's summary and figure.")
    private @Nullable String runsDirectory;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Override
    public Integer call() throws IOException {
        Configuration configuration = cluster.load(run, runsDirectory);
        RunSettings settings = configuration.settings();
        List<Path> local = local(settings);
        RunContents contents;
        long freed = 0;
        try (Cluster running = Cluster.ofRecordedRuns(configuration);
                EventSerdes serdes = new EventSerdes(running.kafka());
                RunDeletion deletion = new RunDeletion(new RunLog(running.kafka(), serdes, settings.topics()))) {
            contents = deletion.find();
            list(contents, local, running.kafka().bootstrapServers());
            deletion.requireIdle(contents);
            if (!isConfirmed()) {
                System.out.println("nothing was deleted");
                return 1;
            }
            for (Path path : local) {
                freed += FileTree.bytes(path);
                FileTree.delete(path);
            }
            deletion.delete(contents);
            freed += contents.bytes();
        }
        boolean embedded = settings.bootstrapServers().isEmpty();
        boolean purged = embedded && DeletedTopics.purge(settings.dataDirectory(), new HashSet<>(contents.topics()));
        System.out.println("deleted run '" + run + "': " + megabytes(freed) + " freed"
                + (purged ? "" : "; brokers remove the files of deleted topics about a minute later"));
        return 0;
    }

    /** The run's files on this machine: state of its roles, and its report. */
    private List<Path> local(RunSettings settings) throws IOException {
        List<Path> local = new ArrayList<>();
        Path state = settings.dataDirectory().resolve("state");
        if (Files.isDirectory(state)) {
            try (Stream<Path> entries = Files.list(state)) {
                entries.filter(entry -> entry.getFileName().toString().startsWith(run + "."))
                        .sorted()
                        .forEach(local::add);
            }
        }
        if (Files.exists(settings.runDirectory())) {
            local.add(settings.runDirectory());
        }
        return local;
    }

    private void list(RunContents contents, List<Path> local, String servers) throws IOException {
        System.out.println("run '" + run + "' at " + servers + " has");
        System.out.println(
                "  " + contents.topics().size() + " topics with their schemas, " + megabytes(contents.bytes()));
        System.out.println("  " + contents.groups().size() + " consumer groups");
        for (Path path : local) {
            System.out.println("  " + path + ", " + megabytes(FileTree.bytes(path)));
        }
    }

    private boolean isConfirmed() throws IOException {
        if (yes) {
            return true;
        }
        if (!Boolean.getBoolean("sppo.terminal")) {
            throw new UserException(
                    "there is no terminal to ask for confirmation: give --yes to delete run '" + run + "'");
        }
        System.out.print("delete all of this? It cannot be undone. [y/N] ");
        System.out.flush();
        String answer = new BufferedReader(new InputStreamReader(System.in, UTF_8)).readLine();
        return answer != null && (answer.equalsIgnoreCase("y") || answer.equalsIgnoreCase("yes"));
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }
}
