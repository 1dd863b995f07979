import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** Raw signatures over data: SM3withSM2 under the default identifier, or any other that BC has a name for. */
final class SignatureJudge {
    private SignatureJudge() {}

    static void verify(Report report, Arguments arguments) throws Exception {
        String name = arguments.has("--algorithm") ? arguments.text("--algorithm") : "SM3withSM2";
        byte[] spki = Arguments.der(arguments.bytes("--pub"));
        byte[] data = arguments.bytes("--data");
        byte[] signature = arguments.bytes("--sig");
        report.check("signature", () -> {
            String type = SubjectPublicKeyInfo.getInstance(spki).getAlgorithm().getAlgorithm().getId();
            PublicKey key = KeyFactory.getInstance(type, "BC").generatePublic(new X509EncodedKeySpec(spki));
            Signature verifier = Signature.getInstance(name, "BC");
            verifier.initVerify(key);
            verifier.update(data);
            Report.require(verifier.verify(signature), "wrong");
            return name;
        });
    }

    /** A fresh SM2 key that signs the data: spki.der, signature.der and key.p8 in the directory. */
    static void sign(Report report, Arguments arguments) throws Exception {
        byte[] data = arguments.bytes("--data");
        Path out = Path.of(arguments.text("--out"));
        report.check("signed", () -> {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", "BC");
            generator.initialize(new ECGenParameterSpec("sm2p256v1"), new SecureRandom());
            KeyPair pair = generator.generateKeyPair();
            Signature signer = Signature.getInstance("SM3withSM2", "BC");
            signer.initSign(pair.getPrivate());
            signer.update(data);
            Files.write(out.resolve("signature.der"), signer.sign());
            Files.write(out.resolve("spki.der"), pair.getPublic().getEncoded());
            Files.write(out.resolve("key.p8"), pair.getPrivate().getEncoded());
            return "SM3withSM2";
        });
    }
}
