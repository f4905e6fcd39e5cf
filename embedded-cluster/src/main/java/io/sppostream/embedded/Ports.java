package io.sppostream.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** Ports of the loopback interface. Stateless. */
final class Ports {
    private Ports() {}

    static final String HOST = "127.0.0.1";

    /** @throws EmbeddedException if a number is not a port */
    static void requireValid(String what, int port) {
        if (port < 0 || port > 65535) {
            throw new EmbeddedException(what + " " + port + " is not a port: give 1 to 65535, or 0 for a free one");
        }
    }

    /** The address of a port on 127.0.0.1. */
    static InetSocketAddress address(int port) {
        try {
            return new InetSocketAddress(InetAddress.getByAddress(HOST, new byte[] {127, 0, 0, 1}), port);
        } catch (UnknownHostException e) {
            throw new AssertionError("four bytes are an IPv4 address", e);
        }
    }

    /** That many different ports, free at this moment; another program may take one before it is bound. */
    static List<Integer> free(int count) {
        List<ServerSocket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                sockets.add(bind(0));
            }
            return sockets.stream().map(ServerSocket::getLocalPort).toList();
        } catch (IOException e) {
            throw new EmbeddedException("no free port on " + HOST + ": " + e.getMessage(), e);
        } finally {
            sockets.forEach(Ports::close);
        }
    }

    /** @throws EmbeddedException if another program listens on the port */
    static void requireFree(String what, int port) {
        try {
            close(bind(port));
        } catch (IOException e) {
            throw inUse(what, port);
        }
    }

    /** The error for a port that is taken. */
    static EmbeddedException inUse(String what, int port) {
        return new EmbeddedException(what + " " + port + " on " + HOST
                + " can't be bound, most likely another program listens on it: stop that program, choose another port, or"
                + " 0 for a free one");
    }

    private static ServerSocket bind(int port) throws IOException {
        ServerSocket socket = new ServerSocket();
        try {
            // A port in TIME_WAIT after the last run is free for a broker, which sets this option too.
            socket.setReuseAddress(true);
            socket.bind(address(port));
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private static void close(ServerSocket socket) {
        try {
            socket.close();
        } catch (IOException ignored) {
            // It held nothing but the port.
        }
    }
}
