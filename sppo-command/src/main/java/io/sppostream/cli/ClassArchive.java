package io.sppostream.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import javax.management.JMException;
import javax.management.ObjectName;
import org.slf4j.LoggerFactory;

/**
 * The archive of this program's loaded classes (AppCDS), which later starts map instead of loading and verifying each
 * class. The launcher asks the first command that trains for one, which writes it when it is done. Its file
 * name has its size, by which the launcher recognizes a truncated one, since the JVM would crash on it. Stateless.
 */
final class ClassArchive {
    /** The folder to write to; the launcher sets it if the JVM can write an archive and the folder has none. */
    private static final String FOLDER = "sppo.class.archive";

    private ClassArchive() {}

    /** Writes the archive if the launcher asks for it. A failure is logged and otherwise ignored. */
    static void writeIfMissing() {
        String folder = System.getProperty(FOLDER, "");
        if (folder.isEmpty()) {
            return;
        }
        Path draft = Path.of(folder, "classes-" + ProcessHandle.current().pid() + ".tmp");
        PrintStream out = System.out;
        System.setOut(new PrintStream(
                OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)); // The dump prints its file.
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "vmCds",
                            new Object[] {new String[] {"dynamic_dump", draft.toString()}},
                            new String[] {String[].class.getName()});
            try (FileChannel file = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                file.force(true);
            }
            Files.move(
                    draft,
                    draft.resolveSibling("classes-" + Files.size(draft) + ".jsa"),
                    StandardCopyOption.ATOMIC_MOVE);
        } catch (JMException | IOException e) {
            LoggerFactory.getLogger(ClassArchive.class).info("no class archive is written: {}", e.toString());
        } finally {
            System.setOut(out);
        }
    }
}
