package templates

import (
	"strconv"
	"strings"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// Sample says which sample tickets are wanted. The zero value is one usual English ticket with Code 128.
type Sample struct {
	Layout    string
	Language  string
	Symbology delivery.Symbology
	Barcode   string   // a payload for every ticket; empty gives each its own
	Names     []string // of holders, taken in turn; empty are the sample's own
	N         int      // how many tickets; 0 is 1
	Kind      string   // "event" (also empty): a numbered seat; "service": a timed entry; "pass": an undated pass
	// Longest fills every text with as much as a layout has to bear: titles of 90 letters, names of 42, small print of 600;
	// half as many where letters are twice as wide.
	Longest bool
}

// sampleText is what a sample says in one language.
type sampleText struct {
	organiser, title, subtitle, venue, space, street, town, area, category, tariff, holder, terms string
}

// sampleTexts are by language; others are told in English.
func sampleTexts() map[string]sampleText {
	return map[string]sampleText{
		"en": {"Harbour Playhouse", "The Winter Lighthouse", "A play in three acts", "Harbour Playhouse", "Main stage", "14 Quay Street", "Bristol", "Stalls", "Best seats", "Full price", "Anna Whitfield", "Admits one. Please be seated ten minutes before the start; latecomers are admitted in the interval. Photography is not allowed. Not exchanged or refunded unless cancelled by the organiser."},
		"fr": {"Théâtre des Tilleuls", "Le Phare d’hiver", "Pièce en trois actes", "Théâtre des Tilleuls", "Grande salle", "14, rue des Lices", "Lyon", "Parterre", "Carré d’or", "Plein tarif", "Éloïse Lefèvre", "Ce billet donne accès à une seule personne. Les retardataires sont admis à l’entracte. Photographies interdites. Ni repris ni échangé, sauf annulation par l’organisateur."},
		"de": {"Schauspiel am Hafen", "Der Leuchtturm im Winter", "Schauspiel in drei Akten", "Schauspiel am Hafen", "Großer Saal", "Am Alten Hafen 7", "Bremerhaven", "Parkett", "Kategorie A", "Vollpreis", "Jürgen Groß", "Gültig für eine Person. Verspäteter Einlass nur in der Pause. Fotografieren ist nicht gestattet. Umtausch und Rückgabe sind ausgeschlossen, außer bei Absage."},
		"pl": {"Teatr Nadmorski", "Zimowa latarnia", "Sztuka w trzech aktach", "Teatr Nadmorski", "Duża scena", "ul. Żeglarska 1", "Gdańsk", "Parter", "Kategoria I", "Normalny", "Łukasz Święcicki", "Bilet ważny dla jednej osoby. Spóźnieni wchodzą w przerwie."},
		"ru": {"Театр на набережной", "Зимний маяк", "Пьеса в трёх действиях", "Театр на набережной", "Большая сцена", "Набережная, 14", "Санкт-Петербург", "Партер", "Лучшие места", "Полный", "Иван Петров", "Билет действителен для одного человека. Опоздавшие входят в антракте."},
		"el": {"Θέατρο του Λιμανιού", "Ο χειμωνιάτικος φάρος", "Έργο σε τρεις πράξεις", "Θέατρο του Λιμανιού", "Κεντρική σκηνή", "Οδός Προκυμαίας 14", "Πειραιάς", "Πλατεία", "Ζώνη Α", "Κανονικό", "Ελένη Παπαδοπούλου", "Ισχύει για ένα άτομο."},
		"ar": {"دار النخيل", "منارة الشتاء", "مسرحية في ثلاثة فصول", "دار النخيل", "القاعة الكبرى", "شارع اللؤلؤ 5", "دبي", "الطابق الأرضي", "فضي", "بالغ", "مريم الهاشمي", "التذكرة لشخص واحد. الدخول المتأخر في الاستراحة فقط."},
		"he": {"תיאטרון הגפן", "המגדלור בחורף", "מחזה בשלוש מערכות", "תיאטרון הגפן", "אולם 2", "רחוב הרימון 12", "תל אביב", "יציע", "זהב", "מבוגר", "שלום כהן", "הכרטיס מיועד לאדם אחד. מאחרים ייכנסו בהפסקה."},
		"hi": {"बंदरगाह रंगमंच", "सर्दियों का प्रकाशस्तंभ", "तीन अंकों का नाटक", "बंदरगाह रंगमंच", "मुख्य मंच", "14 घाट मार्ग", "मुंबई", "निचला तल", "श्रेणी अ", "पूर्ण मूल्य", "अनीता शर्मा", "एक व्यक्ति के लिए मान्य।"},
		"th": {"โรงละครริมท่า", "ประภาคารฤดูหนาว", "ละครสามองก์", "โรงละครริมท่า", "เวทีใหญ่", "14 ถนนท่าเรือ", "กรุงเทพฯ", "ชั้นล่าง", "โซนเอ", "ราคาเต็ม", "สมชาย ใจดี", "สำหรับหนึ่งท่าน"},
		"zh": {"海港剧院", "冬日灯塔", "三幕话剧", "海港剧院", "主舞台", "码头街14号", "上海", "池座", "甲级", "全价", "王小明", "每票一人。迟到者须待中场休息时入场。"},
		"ja": {"港劇場", "冬の灯台", "三幕の戯曲", "港劇場", "大ホール", "波止場通り14", "横浜", "一階席", "S席", "一般", "山田花子", "一枚につき一名様。遅れた方は休憩時にご入場いただけます。"},
		"ko": {"항구 극장", "겨울 등대", "3막 연극", "항구 극장", "대극장", "부두길 14", "부산", "1층", "R석", "일반", "김서연", "1인 1매. 지각 시 휴식 시간에 입장하실 수 있습니다."},
	}
}

// longest is as much as a layout has to bear. A Chinese, Japanese or Korean letter counts twice: it is twice as wide.
func (t sampleText) longest() sampleText {
	fill := func(s string, most int) string {
		var out strings.Builder
		for n := 0; ; {
			for _, r := range s + " " {
				if n++; r >= 0x1100 {
					n++
				}
				if n > most {
					return strings.TrimSpace(out.String())
				}
				out.WriteRune(r)
			}
		}
	}
	return sampleText{
		fill(t.organiser, 45), fill(t.title, 90), fill(t.subtitle, 60), fill(t.venue, 45), fill(t.space, 30), fill(t.street, 40), fill(t.town, 30),
		fill(t.area, 24), fill(t.category, 30), fill(t.tariff, 30), fill(t.holder, 42), fill(t.terms, 600),
	}
}

// SampleDocument makes sample tickets. They are the same each time: they have dates of their own, and admit nobody.
func SampleDocument(o Sample) delivery.Document {
	base, _, _ := strings.Cut(strings.ToLower(o.Language), "-")
	t, ok := sampleTexts()[base]
	if !ok {
		t = sampleTexts()[fallbackLanguage]
	}
	if o.Longest {
		t = t.longest()
	}
	first := samplePage(&o, t)
	n := max(1, o.N)
	d := delivery.Document{Language: o.Language, Title: first.Organiser + " · " + first.Reference, Pages: make([]delivery.Page, n)}
	if d.Language == "" {
		d.Language = fallbackLanguage
	}
	for i := range d.Pages {
		p := first
		p.TicketID = "tkt_SAMPLE" + digits(i+1, 16)
		p.Number, p.Of = i+1, n
		if len(o.Names) > 0 {
			p.Holder = o.Names[i%len(o.Names)]
		}
		if p.Numbered && !o.Longest {
			p.Seat.Row, p.Seat.Number = string(rune('A'+i/30%26)), strconv.Itoa(i%30+1)
		}
		if p.Barcode = o.Barcode; p.Barcode == "" {
			p.Barcode = "003100427719" + digits(i+1, 12)
		}
		d.Pages[i] = p
	}
	return d
}

func samplePage(o *Sample, t sampleText) delivery.Page {
	zone := time.FixedZone("CEST", 2*60*60)
	start := time.Date(2027, 9, 29, 20, 30, 0, 0, zone) // a Wednesday in September: long words in most languages
	p := delivery.Page{
		Layout: o.Layout, Organiser: t.organiser, Kind: "event", Title: t.title, Subtitle: t.subtitle, Start: start, End: start.Add(155 * time.Minute),
		Venue:    delivery.Venue{Name: t.venue, Space: t.space, Street: t.street, Zip: "69002", Town: t.town},
		Seat:     delivery.Seat{Area: t.area, Block: "C", Row: "F", Number: "12", Entrance: "3"},
		Numbered: true, Category: t.category, Color: "#1F6F8B", Tariff: t.tariff, Price: domain.Money{Amount: 4250, Currency: "EUR"},
		Holder: t.holder, Buyer: t.holder, Order: "ord_SAMPLE00000000000000000001", Reference: "SH-2027-004711", File: "1043387",
		Symbology: o.Symbology, Terms: t.terms, Specimen: true, SoldBy: "Storefront", IssuedAt: time.Date(2027, 6, 1, 8, 0, 0, 0, time.UTC),
	}
	if p.Symbology == "" {
		p.Symbology = delivery.Code128
	}
	switch o.Kind {
	case "service":
		p.Kind, p.Numbered, p.Seat, p.End = "service", false, delivery.Seat{}, start.Add(30*time.Minute)
	case "pass":
		p.Kind, p.Numbered, p.Seat, p.Start, p.End, p.Undated = "pass", false, delivery.Seat{}, time.Time{}, time.Time{}, true
	}
	if o.Longest {
		p.Price, p.SoldBy, p.Reference = domain.Money{Amount: 999995, Currency: "EUR"}, "The Storefront of the Harbour", "SH-2027-00471100815-ABCDEF"
		if p.Numbered {
			p.Seat.Block, p.Seat.Row, p.Seat.Number, p.Seat.Entrance = "Block 27B", "AA", "1234", "Gate 14"
		}
	}
	return p
}

// digits writes a number with leading zeros.
func digits(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}
