package templates

import (
	"testing"
	"time"

	"guichet/domain"
	"guichet/domain/delivery"
)

// english and the documents after it are one ticket each in languages that the other samples leave out.
func english(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Europe/London")
	return delivery.Document{
		Language: "en", Title: "Ticket – The Tempest",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM0", Organiser: "Harbour Playhouse", Kind: "event",
			Title: "The Tempest", Subtitle: "With a talk before the performance",
			Start: time.Date(2027, 3, 28, 19, 30, 0, 0, loc), End: time.Date(2027, 3, 28, 22, 10, 0, 0, loc), Zone: "Europe/London",
			Venue: delivery.Venue{Name: "Harbour Playhouse", Space: "Main house", Street: "2 Quay Street", Zip: "BS1 4EJ", Town: "Bristol"},
			Seat:  delivery.Seat{Area: "Stalls", Row: "H", Number: "14", Entrance: "Door B"}, Numbered: true,
			Category: "Premium", Color: "#2F6B8F", Tariff: "Member", Price: domain.Money{Amount: 4250, Currency: "GBP"},
			Holder: "Niamh O’Sullivan", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM0", Number: 1, Of: 2,
			Barcode: "00420042004200420042", Symbology: delivery.QR, Terms: "This ticket admits one person. Doors open at 18:45.",
			SoldBy: "Quayside Tickets", IssuedAt: time.Date(2027, 2, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

func russian(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Almaty")
	return delivery.Document{
		Language: "ru", Title: "Билет – Щелкунчик",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM1", Organiser: "Театр «Северная звезда»", Kind: "event",
			Title: "Щелкунчик, балет-феерия в двух действиях", Subtitle: "Музыка П. И. Чайковского",
			Start: time.Date(2027, 12, 28, 18, 0, 0, 0, loc), End: time.Date(2027, 12, 28, 20, 20, 0, 0, loc), Zone: "Asia/Almaty",
			Venue: delivery.Venue{Name: "Театр «Северная звезда»", Space: "Большой зал", Street: "ул. Яблоневая, 3", Zip: "050000", Town: "Алматы"},
			Seat:  delivery.Seat{Area: "Партер", Row: "7", Number: "19", Entrance: "Вход 2"}, Numbered: true,
			Category: "Первая", Color: "#8E24AA", Tariff: "Полный", Price: domain.Money{Amount: 1250000, Currency: "KZT"},
			Holder: "Ольга Ёлкина", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM1", Number: 1, Of: 3,
			Barcode: "7700123400056", Symbology: delivery.Code128, Terms: "Билет действителен на одно лицо. После третьего звонка вход в зал закрыт.",
			SoldBy: "Афиша Юг", IssuedAt: time.Date(2027, 11, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

func hindi(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Kolkata")
	return delivery.Document{
		Language: "hi", Title: "टिकट – अभिज्ञान शाकुंतलम्",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM2", Organiser: "राष्ट्रीय रंगशाला", Kind: "event",
			Title: "अभिज्ञान शाकुंतलम् (कालिदास)", Subtitle: "हिन्दी रूपान्तर – पहली प्रस्तुति",
			Start: time.Date(2027, 2, 6, 18, 30, 0, 0, loc), End: time.Date(2027, 2, 6, 20, 45, 0, 0, loc), Zone: "Asia/Kolkata",
			Venue: delivery.Venue{Name: "राष्ट्रीय रंगशाला", Space: "मुख्य सभागार", Street: "12 कृष्ण मार्ग", Zip: "110001", Town: "नई दिल्ली"},
			Seat:  delivery.Seat{Area: "बालकनी", Row: "क", Number: "24", Entrance: "द्वार 3"}, Numbered: true,
			Category: "स्वर्ण", Color: "#C77700", Tariff: "विद्यार्थी", Price: domain.Money{Amount: 12500000, Currency: "INR"},
			Holder: "श्रीमती ऋतु क्षत्रिय", Buyer: "Anna Müller", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM2", Number: 1, Of: 2,
			Barcode: "9120000042", Symbology: delivery.Code128,
			Terms:  "यह टिकट केवल एक व्यक्ति के लिए मान्य है। प्रस्तुति आरम्भ होने के बाद प्रवेश नहीं दिया जाएगा। कृपया अपना मोबाइल फ़ोन बन्द रखें।",
			SoldBy: "दिल्ली टिकट घर", IssuedAt: time.Date(2027, 1, 4, 8, 0, 0, 0, time.UTC),
		}},
	}
}

func thai(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Bangkok")
	return delivery.Document{
		Language: "th", Title: "บัตร – รามเกียรติ์",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM3", Organiser: "โรงละครริมน้ำ", Kind: "event",
			Title: "รามเกียรติ์ ตอนศึกกุมภกรรณและพิธีโมกขศักดิ์ การแสดงโขนเฉลิมฉลองครบรอบห้าสิบปี", Subtitle: "แสดงโดยคณะนาฏศิลป์ริมน้ำ",
			Start: time.Date(2027, 11, 20, 19, 0, 0, 0, loc), End: time.Date(2027, 11, 20, 21, 30, 0, 0, loc), Zone: "Asia/Bangkok",
			Venue: delivery.Venue{Name: "โรงละครริมน้ำ", Space: "หอประชุมใหญ่", Street: "88 ถนนเจ้าฟ้า", Zip: "10200", Town: "กรุงเทพมหานคร"},
			Seat:  delivery.Seat{Area: "ชั้นล่าง", Row: "ฎ", Number: "15", Entrance: "ประตู 2"}, Numbered: true,
			Category: "วีไอพี", Color: "#6A1B9A", Tariff: "ผู้ใหญ่", Price: domain.Money{Amount: 250000, Currency: "THB"},
			Holder: "ณัฐพงษ์ ปิ่นแก้ว", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM3", Number: 2, Of: 2,
			Barcode: "6600998877", Symbology: delivery.QR,
			Terms: "บัตรนี้ใช้ได้สำหรับหนึ่งท่านเท่านั้น กรุณามาถึงก่อนเวลาแสดงอย่างน้อยสามสิบนาทีผู้ที่มาสายจะเข้าชมได้เมื่อถึงช่วงพักการแสดงเท่านั้น" +
				"ห้ามถ่ายภาพและบันทึกเสียงระหว่างการแสดงโดยไม่ได้รับอนุญาตจากผู้จัดงานก่อนล่วงหน้าเป็นลายลักษณ์อักษร",
			SoldBy: "ตั๋วดีดี", IssuedAt: time.Date(2027, 10, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

func chinese(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Shanghai")
	return delivery.Document{
		Language: "zh-CN", Title: "门票 – 牡丹亭",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM4", Organiser: "江南大剧院", Kind: "event",
			Title: "昆曲《牡丹亭》（全本）——纪念汤显祖诞辰特别演出，特邀江南昆剧团", Subtitle: "第三夜：回生",
			Start: time.Date(2027, 5, 2, 19, 30, 0, 0, loc), End: time.Date(2027, 5, 2, 22, 0, 0, 0, loc), Zone: "Asia/Shanghai",
			Venue: delivery.Venue{Name: "江南大剧院", Space: "歌剧厅", Street: "湖滨路18号", Zip: "310000", Town: "杭州"},
			Seat:  delivery.Seat{Area: "池座", Row: "8", Number: "21", Entrance: "东门"}, Numbered: true,
			Category: "甲等", Color: "#B71C1C", Tariff: "成人", Price: domain.Money{Amount: 68000, Currency: "CNY"},
			Holder: "王小明", Buyer: "欧阳娜娜", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM4", Number: 1, Of: 2,
			Barcode: "8600112233445566", Symbology: delivery.QR,
			Terms:  "本票限一人使用，遗失不补。演出开始后，迟到观众须待幕间方可入场。场内禁止摄影、录音和录像。除演出取消外，概不退换。",
			SoldBy: "西湖票务", IssuedAt: time.Date(2027, 4, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

func japanese(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Tokyo")
	return delivery.Document{
		Language: "ja", Title: "チケット – 深海の光",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM5", Organiser: "みなと海洋博物館", Kind: "service",
			Title: "特別展「深海の光」―クラゲとプランクトンの世界―", Subtitle: "オーディオガイド付き",
			Start: time.Date(2027, 8, 7, 10, 30, 0, 0, loc), End: time.Date(2027, 8, 7, 11, 0, 0, 0, loc), Zone: "Asia/Tokyo",
			Venue:  delivery.Venue{Name: "みなと海洋博物館", Street: "港町1丁目2−3", Zip: "650-0042", Town: "神戸市"},
			Tariff: "大人", Price: domain.Money{Amount: 2400, Currency: "JPY"},
			Holder: "齋藤 ゆり子", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM5", Number: 1, Of: 2,
			Barcode: "4900000123456", Symbology: delivery.QR,
			Terms:  "このチケットは1名様のみ有効です。指定の時間内にご入場ください。展示室内でのフラッシュ撮影はご遠慮ください。",
			SoldBy: "みなとチケット", IssuedAt: time.Date(2027, 7, 1, 8, 0, 0, 0, time.UTC),
		}},
	}
}

func korean(tb testing.TB) delivery.Document {
	tb.Helper()
	loc := mustZone(tb, "Asia/Seoul")
	return delivery.Document{
		Language: "ko", Title: "티켓 – 춘향가",
		Pages: []delivery.Page{{
			TicketID: "tkt_01JB3Q7V8N4W6ZD0T5Y2C9HXM6", Organiser: "한강국립극장", Kind: "event",
			Title: "판소리 춘향가 완창 무대", Subtitle: "명창과 함께하는 봄밤",
			Start: time.Date(2027, 4, 17, 19, 30, 0, 0, loc), End: time.Date(2027, 4, 17, 22, 0, 0, 0, loc), Zone: "Asia/Seoul",
			Venue: delivery.Venue{Name: "한강국립극장", Space: "달오름극장", Street: "장충단로 59", Zip: "04621", Town: "서울"},
			Seat:  delivery.Seat{Area: "1층", Block: "나", Row: "5", Number: "12", Entrance: "동문"}, Numbered: true,
			Category: "VIP석", Color: "#00695C", Tariff: "일반", Price: domain.Money{Amount: 55000, Currency: "KRW"},
			Holder: "김뚝섬", Order: "ord_01JB3Q7V8N4W6ZD0T5Y2C9HXM6", Number: 1, Of: 1,
			Barcode: "8801234567890", Symbology: delivery.Code128,
			Terms:  "이 티켓은 한 분만 입장하실 수 있습니다. 공연 시작 후에는 입장이 제한됩니다. 공연 중 사진 촬영과 녹음은 금지되어 있습니다.",
			SoldBy: "한강티켓", IssuedAt: time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC),
		}},
	}
}
