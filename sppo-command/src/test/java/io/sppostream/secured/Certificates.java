package io.sppostream.secured;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A self-signed certificate of 127.0.0.1, by the JDK's keytool. */
final class Certificates {
    static final String PASSWORD = "of-a-test";

    private Certificates() {}

    /** Makes {@code keys.p12} and {@code trust.p12} in a folder. */
    static void make(Path folder) throws IOException, InterruptedException {
        keytool(
                folder,
                "-genkeypair -alias broker -keyalg EC -dname CN=localhost -ext san=ip:127.0.0.1,dns:localhost"
                        + " -validity 2 -keystore keys.p12");
        keytool(folder, "-exportcert -alias broker -keystore keys.p12 -file broker.crt");
        keytool(folder, "-importcert -noprompt -alias broker -keystore trust.p12 -file broker.crt");
    }

    private static void keytool(Path folder, String arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments.split(" ")));
        command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
