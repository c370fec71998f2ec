import com.sun.tools.ws.wscompile.WsimportTool;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** Makes Java of every description with JAX-WS RI, compiles it with Sell.java and runs it: java Stock.java task.properties Sell.java DIR */
public class Stock {
    public static void main(String[] args) throws Exception {
        Properties task = new Properties();
        try (var in = Files.newInputStream(Path.of(args[0]))) {
            task.load(in);
        }
        Path sources = Files.createDirectory(Path.of(args[2], "sources")), classes = Files.createDirectory(Path.of(args[2], "classes"));
        for (String wsdl : task.getProperty("wsdls").split(" ")) {
            generate(wsdl, sources);
        }
        compile(sources, args[1], classes);
        try (var loader = new URLClassLoader(new URL[] {classes.toUri().toURL()}, Stock.class.getClassLoader())) {
            Thread.currentThread().setContextClassLoader(loader);
            loader.loadClass("Sell").getMethod("run", Properties.class).invoke(null, task);
        }
    }

    /** A warning is a failure: it says that something of the description has no place in Java. */
    static void generate(String wsdl, Path sources) throws Exception {
        var said = new ByteArrayOutputStream();
        boolean good = new WsimportTool(said).run(new String[] {"-Xnocompile", "-s", sources.toString(), wsdl});
        if (!good || said.toString().contains("[WARNING]") || said.toString().contains("[ERROR]")) {
            throw new AssertionError("wsimport " + wsdl + ":\n" + said);
        }
    }

    static void compile(Path sources, String program, Path classes) throws Exception {
        List<String> args = new ArrayList<>(List.of(
            "-nowarn", "-proc:none", "-g:none", "-encoding", "UTF-8", "-cp", System.getProperty("java.class.path"), "-d", classes.toString(), program));
        try (Stream<Path> all = Files.walk(sources)) {
            all.map(Path::toString).filter(p -> p.endsWith(".java")).forEach(args::add);
        }
        if (ToolProvider.getSystemJavaCompiler().run(null, System.out, System.err, args.toArray(String[]::new)) != 0) {
            throw new AssertionError("javac refuses what wsimport made" + File.separator);
        }
    }
}
