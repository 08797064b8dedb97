/** Trino's server as its distribution starts it; the class that does so there is in no package that Maven Central has. */
public final class Start {
    public static void main(String[] args) {
        new io.trino.server.Server().start(args[0]);
    }
}
